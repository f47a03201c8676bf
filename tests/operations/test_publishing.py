"""Problems and software on their way to the servers."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from databoard.cli import targets
from databoard.cli.actions import publishing
from databoard.errors import (
    DataboardError,
    InvalidError,
    NotFoundError,
    ProgramError,
    SettingsError,
)
from tests.operations.conftest import ROOT, need

FAKE = f"""#!{sys.executable}
import json, os, sys
given = sys.stdin.read() if "--files-from=-" in sys.argv else ""
with open(os.environ["LOG"], "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], given]) + chr(10))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""


@pytest.fixture
def published(settings, tmp_path):
    """An installation with a small problem and two servers."""
    kit = settings.problems_dir / "iris"
    for name in ("starting_kit/a.py", "data/raw/x.csv", "starting_kit/__pycache__/a.pyc"):
        path = kit / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (kit / "starting_kit" / "a.py").chmod(0o600)
    return replace(
        settings,
        target_local=str(tmp_path / "local"),
        target_test="ada@test.example.org:/srv/databoard",
        target_production="ada@www.example.org:/mnt/ramp_data",
        target_code="code/databoard",
        target_data="datacamp/databoard",
        ssh="ssh -p 2222",
    )


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Calls of a fake rsync and ssh, as far as they were made."""
    folder, log = tmp_path / "fakes", tmp_path / "log"
    folder.mkdir()
    for name in ("rsync", "ssh"):
        (folder / name).write_text(FAKE)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    return lambda: (
        [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    )


@pytest.fixture
def nobody(monkeypatch):
    """Nobody sits at the terminal."""
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))


# checklist 23
def test_a_problem_is_published_to_a_folder_of_this_machine(published, tmp_path):
    need("rsync")
    publishing.publish_problem(published, "iris", "local")
    publishing.publish_problem(published, "iris", "local")

    target = tmp_path / "local" / "problems" / "iris"
    source = published.problems_dir / "iris"
    shutil.rmtree(source / "starting_kit" / "__pycache__")
    done = subprocess.run(["diff", "-r", source, target], capture_output=True, text=True)
    assert done.stdout == ""
    assert stat.S_IMODE((target / "starting_kit" / "a.py").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "local").stat().st_mode) == 0o700


# checklist 24, 62
@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("test", "ada@test.example.org:/srv/databoard/datacamp/databoard/"),
        ("production", "ada@www.example.org:/mnt/ramp_data/datacamp/databoard/"),
    ],
)
def test_a_problem_goes_to_the_host_and_root_of_the_settings(
    published, calls, capsys, target, address
):
    publishing.publish_problem(published, "iris", target, yes=True)

    [(program, arguments, _)] = calls()
    assert program == "rsync"
    assert {"-c", "--relative"} <= set(arguments)
    assert arguments[-2:] == ["problems/iris", address]
    assert arguments[arguments.index("-e") + 1] == "ssh -p 2222"
    assert capsys.readouterr().out == f"{address}\n"


# checklist 24
def test_production_is_asked_for(published, calls, nobody, capsys):
    for publish in (
        lambda: publishing.publish_problem(published, "iris", "production"),
        lambda: publishing.publish_software(published, "production", "v1"),
        lambda: publishing.rollback(published, "production"),
    ):
        with pytest.raises(InvalidError, match="--yes"):
            publish()
        assert capsys.readouterr().out.startswith("ada@www.example.org:")

    assert calls() == []


# checklist 25
def test_a_copy_that_fails_is_a_failure(published, checkout, calls, monkeypatch):
    monkeypatch.setenv("EXIT_CODE", "23")

    with pytest.raises(ProgramError, match="code 23"):
        publishing.publish_problem(published, "iris", "test")
    with pytest.raises(ProgramError, match="code 23"):
        publishing.publish_software(published, "test")


# checklist 25, 40
def test_a_target_that_is_none_ends_with_1(small):
    small.make_tables()

    done = small.run("with_env.sh", "fab", "publish_software:target=nowhere")

    assert done.returncode == 1
    assert "test, production" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("publish", "says"),
    [
        (lambda s: publishing.publish_problem(s, "iris", "nowhere"), "local, test, production"),
        (lambda s: publishing.publish_software(s, "local"), "test, production"),
        (lambda s: publishing.publish_problem(s, "iris", "test"), "DATABOARD_TARGET_TEST"),
    ],
)
def test_a_target_must_be_one_of_those_that_are_set(settings, publish, says):
    with pytest.raises(DataboardError, match=says):
        publish(settings)


def test_a_problem_that_is_not_there_is_not_published(published, calls):
    for name in ("nothing", "../iris", "-e"):
        with pytest.raises(NotFoundError):
            publishing.publish_problem(published, name, "test")

    assert calls() == []


@pytest.mark.parametrize("where", ["host", "host:relative", "-oProxyCommand=x:/srv", ":/srv"])
def test_an_address_must_be_a_host_and_a_folder(published, where):
    with pytest.raises(SettingsError, match="DATABOARD_TARGET_TEST"):
        targets.find(replace(published, target_test=where), "test")


BUILD = """#!/bin/sh
mkdir -p "dist/releases/$1"
git ls-files > "dist/releases/$1/SHA256SUMS"
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of another software at a tag, with one file that git does not know."""
    need("git")
    folder = tmp_path / "checkout"
    for name in ("databoard/specific/score_types/new_score.py", "tools/build_release.sh"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(BUILD)
        (folder / name).chmod(0o755)
    (folder / "notes.txt").write_text("mine\n")
    git = ["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "databoard", "tools"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    monkeypatch.setattr(publishing, "CHECKOUT", folder)
    return folder


# checklist 29, 40
def test_software_is_what_git_tracks_at_this_commit(published, checkout, calls):
    line = publishing.publish_software(published, "test")

    assert line == "v1 runs on ada@test.example.org."
    (copy, arguments, _), (activate, words, _) = calls()
    assert (copy, activate) == ("rsync", "ssh")
    assert arguments[-1] == "ada@test.example.org:/srv/databoard/code/databoard/releases/v1/"
    assert "-c" in arguments
    assert words[-1].endswith("/releases/v1/tools/activate_release.sh")
    sent = (checkout / "dist/releases/v1/SHA256SUMS").read_text().split()
    assert "databoard/specific/score_types/new_score.py" in sent
    assert "notes.txt" not in sent


# neighbours 57, checklist 40: with a version and without one
@pytest.mark.parametrize("version", ["", "v1"])
@pytest.mark.parametrize("is_built", [True, False])
def test_production_takes_nothing_that_has_not_passed(
    published, checkout, calls, version, is_built
):
    if is_built:
        (checkout / "dist/releases/v1").mkdir(parents=True)
        (checkout / "dist/releases/v1/SHA256SUMS").write_text("")
    elif version:
        with pytest.raises(NotFoundError, match="build_release"):
            publishing.publish_software(published, "test", version)

    with pytest.raises(InvalidError, match="has not passed on ada@test"):
        publishing.publish_software(published, "production", version, yes=True)

    assert [program for program, *_ in calls()] == ["ssh"]
    assert (checkout / "dist").exists() is is_built


def test_nothing_of_this_names_a_server():
    """checklist 62: hosts are settings."""
    for name in ("cli/actions/publishing.py", "cli/targets.py"):
        text = Path(ROOT / "databoard" / name).read_text()
        assert "134.158" not in text
        assert "@" not in text.replace("<user>@", "").replace("@dataclass", "").replace(
            "@property", ""
        )
