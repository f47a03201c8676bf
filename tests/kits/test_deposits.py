import io
import os
import stat
import struct
import time
import tracemalloc
import zipfile

import pytest

from databoard.errors import KitError, TooLargeError, UploadError
from databoard.kits.bundling import kit_files
from databoard.kits.deposits import (
    accept_files,
    example_submissions,
    read_folder,
    starting_files,
    unpack,
)
from databoard.kits.loading import load_kit
from databoard.kits.protocol import Element
from tests.kits import small_kits

CODE = Element.from_name("classifier")
DATA = Element.from_name("external_data.csv")
TEXT = Element.from_name("notes.md")
GOOD = {"classifier.py": b"x = 1\n", "external_data.csv": b"\xff\x00"}


def test_good_files_come_back_byte_for_byte_in_the_order_of_the_elements():
    files = dict(reversed(GOOD.items()))

    accepted = accept_files([CODE, DATA], files)

    assert list(accepted.items()) == list(GOOD.items())


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"classifier.py": b""}, "Missing: external_data.csv"),
        ({}, "Missing: classifier.py, external_data.csv"),
        (GOOD | {"Classifier.py": b""}, "Unknown file: 'Classifier.py'"),
        (GOOD | {"../classifier.py": b""}, "Unknown file"),
        (GOOD | {"a\u202eyp.exe": b""}, r"'a\\u202eyp.exe'"),
        (GOOD | {"a" * 500: b""}, r"aaa\.\.\.'"),
        (GOOD | {"classifier.py": b"x = (1\n"}, r"not valid Python \(line 1\)"),
        (GOOD | {"classifier.py": b"x = 1\ny = \xff\n"}, r"not UTF-8 text \(line 2\)"),
        (GOOD | {"classifier.py": b"x = 1\0\n"}, "null character in line 1"),
        (GOOD | {"classifier.py": b"(" * 10_000}, "not valid Python|nested too deeply"),
        (GOOD | {"classifier.py": b"-" * 60_000 + b"1"}, "nested too deeply"),
    ],
)
def test_wrong_files_are_refused_with_what_and_where(files, said):
    with pytest.raises(UploadError, match=said) as refusal:
        accept_files([CODE, DATA], files)

    assert refusal.value.status == 422
    assert refusal.value.fault == "team"


def test_files_of_windows_are_taken():
    content = b"\xef\xbb\xbfx = 1\r\ny = 2\r\n"

    assert accept_files([CODE], {"classifier.py": content}) == {"classifier.py": content}


def test_a_syntax_error_carries_its_file_and_line():
    with pytest.raises(UploadError) as refusal:
        accept_files([CODE], {"classifier.py": b"import os\n\nclass Classifier\n"})

    assert (refusal.value.field, refusal.value.line) == ("classifier.py", 3)


def test_constants_are_not_computed_when_code_is_checked():
    start = time.perf_counter()

    accept_files([CODE], {"classifier.py": b"x = 9 ** 9 ** 9 ** 9\n"})

    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("unit", [b"x\n", b"f(1)\n", b"[1]*9;"])  # W1
def test_a_file_of_very_many_words_holds_nobody_up(unit):
    files = GOOD | {"classifier.py": unit * (2**20 // len(unit))}
    tracemalloc.start()

    accept_files([CODE, DATA], files)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24  # parsed it would be 900 MB


@pytest.mark.parametrize(
    "text",
    [
        "import " + "a." * 32_000 + "a",  # 989 MB
        "import " + "a.\\\n" * 16_000 + "a",
        "a" + "\u0307\u0323" * 16_000,  # 5 s
        "import " + "a." * 90 + "a\n" + "b" + "\u0307\u0323" * 150,
    ],
)
def test_names_of_very_many_parts_take_neither_time_nor_memory(text):
    begun = time.process_time()
    tracemalloc.start()

    accept_files([CODE], {"classifier.py": text.encode()[: 2**16]})

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 << 20
    assert time.process_time() - begun < 1


def test_a_text_element_need_not_be_python():
    assert accept_files([TEXT], {"notes.md": "# é(".encode()}) == {"notes.md": "# é(".encode()}


def test_a_large_file_is_refused():
    with pytest.raises(TooLargeError, match="has 2 bytes; at most 1") as refusal:
        accept_files([DATA], {"external_data.csv": b"12"}, max_bytes=1)

    assert refusal.value.status == 413


# Folders


def test_a_folder_is_read_without_what_the_workflow_does_not_ask_for(tmp_path):
    small_kits.write(tmp_path, {**GOOD, "comments.txt": "mine", "fold_0/x.npy": b""})

    assert read_folder([CODE, DATA], tmp_path) == GOOD


def test_defaults_fill_what_a_folder_lacks(tmp_path):
    small_kits.write(tmp_path, {"classifier.py": GOOD["classifier.py"]})
    defaults = {"external_data.csv": b"1", "other.csv": b""}

    files = read_folder([CODE, DATA], tmp_path, defaults=defaults)

    assert files["external_data.csv"] == b"1"
    assert set(files) == set(GOOD)


def test_links_pipes_and_folders_are_not_files(tmp_path):
    small_kits.write(tmp_path, {"secret.py": "x = 1"})
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "classifier.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "classifier.py")
    (tmp_path / "folder" / "classifier.py").mkdir(parents=True)

    for name in ("link", "pipe", "folder"):
        with pytest.raises(UploadError, match="Missing: classifier"):
            read_folder([CODE], tmp_path / name)


def test_a_large_file_in_a_folder_is_refused_and_the_folder_named(tmp_path):
    small_kits.write(tmp_path / "second", {"external_data.csv": b"123"})

    with pytest.raises(TooLargeError, match="second: "):
        read_folder([DATA], tmp_path / "second", max_bytes=2)


# Archives


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_plain_zip_is_unpacked():
    assert unpack(zipped(GOOD)) == GOOD


def test_what_finder_adds_to_zips_is_left_out():
    assert unpack(zipped(GOOD | {"__MACOSX/._classifier.py": b"x"})) == GOOD


@pytest.mark.parametrize(  # W2
    "name",
    [
        "../classifier.py",
        "a/classifier.py",
        "folder/",
        "/etc/passwd",
        "..\\classifier.py",
        "C:\\x.py",
        "C:x.py",
        ".hidden",
        "..",
        "a\u202eyp.py",
        "a\nb.py",
        "é.py",
        "a" * 101,
        "con:py",
        "a\tb",
        " a.py",
        "~root",
        "$HOME",
        "%2e%2e",
        "a\0.py",
    ],
)
def test_strange_names_in_a_zip_are_refused(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, b"x")

    with pytest.raises(UploadError):
        unpack(buffer.getvalue())


def test_names_that_differ_only_in_case_are_refused():  # W2
    with pytest.raises(UploadError, match="twice"):
        unpack(zipped({"a.py": b"", "A.py": b""}))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_in_a_zip_are_refused(kind):  # W2
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("classifier.py")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")

    with pytest.raises(UploadError, match="not an ordinary file"):
        unpack(buffer.getvalue())


@pytest.mark.parametrize(
    "content",
    [zipped(GOOD), b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0", b"\0" * 257 + b"ustar\x0000"],
)
def test_archives_in_archives_are_refused(content):  # W1
    with pytest.raises(UploadError, match="archive inside the archive"):
        unpack(zipped({"data.csv": content}))


def test_a_bomb_is_refused_at_once_and_without_memory():  # W1
    bomb = zipped({f"zeros_{i}.csv": b"\0" * 50_000_000 for i in range(4)})
    tracemalloc.start()
    start = time.perf_counter()

    with pytest.raises(TooLargeError, match="unpacks to more than"):
        unpack(bomb, max_bytes=10_000_000)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - start < 1
    assert peak < 50_000_000


def test_an_archive_of_very_many_names_is_refused_before_they_are_read():  # W1
    archive = zipped({f"{i}.py": b"" for i in range(20_000)}, zipfile.ZIP_STORED)
    start = time.perf_counter()

    with pytest.raises(TooLargeError, match="more than 100 files"):
        unpack(archive)

    assert time.perf_counter() - start < 0.1


def test_a_directory_that_lies_about_its_size_is_refused():  # W1
    archive = bytearray(zipped({f"{i}.py": b"" for i in range(50)}))
    place = archive.rfind(b"PK\5\6")
    struct.pack_into("<2H", archive, place + 8, 1, 1)

    with pytest.raises(TooLargeError, match="more than 20 files"):
        unpack(bytes(archive), max_files=20)


def test_a_second_directory_of_very_many_names_is_not_even_read():  # W1
    archive = zipped({"a.py": b""}, zipfile.ZIP_STORED)
    place = archive.rfind(b"PK\5\6")
    directory = archive[archive.index(b"PK\1\2") : place] * 100_000
    size, start = len(directory), archive.index(b"PK\1\2")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10**5, 10**5, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)

    with pytest.raises(TooLargeError, match="plain zip"):
        unpack(archive[:start] + directory + record + locator + archive[place:])


def test_entries_that_share_their_bytes_count_each_time():  # W1
    archive = zipped({"a.py": b"\0" * 2_000_000})
    start, place = archive.index(b"PK\1\2"), archive.rfind(b"PK\5\6")
    entry = archive[start:place]
    names = [f"{i:04}".encode() for i in range(90)]
    directory = b"".join(entry.replace(b"a.py", name) for name in names)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 90, 90, len(directory), start, 0)

    with pytest.raises(UploadError):
        unpack(archive[:start] + directory + end)


def test_an_encrypted_zip_is_refused():
    archive = bytearray(zipped({"classifier.py": b"x"}))
    place = archive.rfind(b"PK\1\2")
    archive[place + 8] |= 1

    with pytest.raises(UploadError, match="encrypted"):
        unpack(bytes(archive))


def test_other_compressions_are_refused():
    with pytest.raises(UploadError, match="unusual"):
        unpack(zipped({"classifier.py": b"x"}, zipfile.ZIP_LZMA))


@pytest.mark.parametrize("cut", [0, 1, 10, 40, 80, 120, 200])
def test_a_damaged_zip_is_refused(cut):
    whole = zipped(GOOD)

    for archive in (whole[:cut], whole[cut:], b"x" * cut + whole[: -cut or None] + b"\0" * cut):
        if archive != whole:
            try:
                unpack(archive)
            except UploadError as refusal:
                assert "zip" in str(refusal)  # noqa: PT017


def test_a_wrong_checksum_is_refused():
    archive = bytearray(zipped({"classifier.py": b"x = 1\n"}, zipfile.ZIP_STORED))
    archive[archive.index(b"x = 1")] = ord("y")

    with pytest.raises(UploadError, match="not a readable zip"):
        unpack(bytes(archive))


# What comes with a problem


def test_a_sandbox_begins_with_the_files_of_the_starting_kit(problems_dir, irises):
    flowers = load_kit("flowers", problems_dir)
    old = load_kit("irises", problems_dir)

    assert starting_files(flowers) == {"estimator.py": small_kits.ESTIMATOR.encode()}
    assert starting_files(old) == {"classifier.py": small_kits.CLASSIFIER.encode()}  # checklist 15


def test_example_submissions_of_both_conventions_are_found(problems_dir, irises):
    flowers = load_kit("flowers", problems_dir)
    old = load_kit("irises", problems_dir)

    assert list(example_submissions(flowers)) == [("", "second")]
    assert list(example_submissions(old)) == [("kegl", "rf")]  # checklist 20


def test_of_several_starting_kits_the_first_one_is_it(problems_dir):
    path = problems_dir / "flowers"
    (path / "submissions" / "starting_kit").rename(path / "submissions" / "starting_kit_petals")
    small_kits.write(path, {"submissions/starting_kit_stems/estimator.py": "1"})
    kit = load_kit("flowers", problems_dir)

    assert starting_files(kit)["estimator.py"].decode() == small_kits.ESTIMATOR
    assert "submissions/starting_kit_petals/estimator.py" in kit_files(path)
    assert "submissions/starting_kit_stems/estimator.py" not in kit_files(path)
    assert ("", "starting_kit_stems") in example_submissions(kit)


def test_a_missing_starting_file_is_named(problems_dir):  # checklist 12
    (problems_dir / "flowers/submissions/starting_kit/estimator.py").unlink()

    with pytest.raises(KitError, match=r"Missing: estimator\.py"):
        starting_files(load_kit("flowers", problems_dir))


def test_a_missing_starting_kit_says_where_it_goes(problems_dir):
    (problems_dir / "flowers/submissions/starting_kit/estimator.py").unlink()
    (problems_dir / "flowers/submissions/starting_kit").rmdir()

    with pytest.raises(KitError, match="has no starting kit") as refusal:
        starting_files(load_kit("flowers", problems_dir))

    assert "submissions/starting_kit/" in refusal.value.fix


def test_a_wrong_example_is_named(problems_dir):
    (problems_dir / "flowers/submissions/second/estimator.py").write_text("def (")

    with pytest.raises(KitError, match="is not valid Python"):
        example_submissions(load_kit("flowers", problems_dir))
