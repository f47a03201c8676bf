"""Files of submissions: whole or not there, and never outside their folder."""

from __future__ import annotations

import pytest

from databoard.errors import NotFoundError
from databoard.store.files import Files, write_atomically

FOLDER = "submission_abc"


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "submissions")


def test_sources_come_back_byte_for_byte(files):
    sources = {"a.py": b"x = 1\r\n", "b.csv": bytes(range(256))}

    files.write_sources(FOLDER, sources)

    assert {name: files.read_source(FOLDER, name) for name in sources} == sources
    assert sorted(path.name for path in files.root.iterdir()) == [FOLDER]


def test_sources_are_written_once(files):
    files.write_sources(FOLDER, {"a.py": b"first"})

    with pytest.raises(OSError, match="not empty"):
        files.write_sources(FOLDER, {"a.py": b"second"})

    assert files.read_source(FOLDER, "a.py") == b"first"
    assert sorted(path.name for path in files.root.iterdir()) == [FOLDER]


def test_a_write_that_fails_leaves_nothing(files):  # R5
    with pytest.raises(TypeError):
        files.write_sources(FOLDER, {"a.py": b"whole", "b.py": "not bytes"})

    assert list(files.root.iterdir()) == []


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "log.txt"

    for content in (b"first", b"second"):
        write_atomically(path, content)
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")

    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["log.txt"]


def test_what_is_missing_is_not_found(files):
    with pytest.raises(NotFoundError):
        files.read_source(FOLDER, "a.py")
    assert files.read_fold(FOLDER, 0, "y_pred_test.npy") is None
    assert files.read_log(FOLDER, 0) == ""


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/etc/passwd", "../x", "x/../../y", "x/y", "..\\x", "x\0"],
)
def test_a_name_that_is_a_path_is_refused(files, name):  # W2
    files.write_sources(FOLDER, {"a.py": b""})

    for call in (
        lambda: files.read_source(FOLDER, name),
        lambda: files.read_source(name, "a.py"),
        lambda: files.write_fold(FOLDER, 0, name, b""),
        lambda: files.write_sources(name, {"a.py": b""}),
        lambda: files.remove(name),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert [path.name for path in files.root.iterdir()] == [FOLDER]


def test_folds_are_kept_beside_sources_and_go_with_them(files):
    files.write_sources(FOLDER, {"a.py": b""})
    files.write_fold(FOLDER, 0, "log.txt", "färtig".encode())
    files.write_fold(FOLDER, 1, "y_pred_train.npy", b"123")
    assert files.read_log(FOLDER, 0) == "färtig"
    assert files.read_fold(FOLDER, 1, "y_pred_train.npy") == b"123"

    files.remove(FOLDER)
    files.remove(FOLDER)
    assert list(files.root.iterdir()) == []


def test_a_log_that_is_not_text_is_still_read(files):
    files.write_fold(FOLDER, 0, "log.txt", b"\xff\xfe ok")

    assert files.read_log(FOLDER, 0).endswith(" ok")
