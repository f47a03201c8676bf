"""Environments of problems' own: read, refused, built, killed half way, used, changed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from databoard.errors import BusyError, RequirementsError
from databoard.store.engine import read_only
from databoard.store.models import ProblemEnvironment
from databoard.store.queries import environments as queries
from databoard.training import box, watchdog
from databoard.training.engine import Engine
from databoard.training.environments import building, digest, packages
from databoard.training.environments.failures import explain, is_away
from databoard.training.environments.keeper import Keeper
from databoard.training.environments.recipe import RUNNER, parse, read
from databoard.training.wire import FoldTask, Limits
from tests.training.world import GOOD, World, desk_in_thread, installation, write_kit

WHERE = "problems/sides/requirements.txt"
TABULATE = "# for tables\ntabulate==0.9.0\n"
IMPORTING = b"import tabulate\nprint(tabulate.__version__)\n" + GOOD
MISSING = "tabulate==0.9.0\ncowsay==99.0\n"


# ------------------------------------------------------------------ the file
def test_a_recipe_names_packages_with_their_lines() -> None:
    recipe = parse(
        "# a comment\nLightGBM>=4  # trees\n\n--pre\nx_gboost[all] == 3 ; python_version"
    )

    assert [(wish.number, wish.name) for wish in recipe.wishes] == [
        (2, "lightgbm"),
        (5, "x-gboost"),
    ]
    assert recipe.options == ("--pre",)


def test_what_databoard_needs_has_the_server_s_version_unless_the_file_names_it() -> None:
    lines = parse("numpy==2.2.0\n").server_lines()

    assert "numpy" in lines
    assert {line.partition("==")[0] for line in lines} == set(RUNNER)
    assert all("==" in line for line in lines if line != "numpy")


def test_another_file_makes_another_environment() -> None:
    assert parse("tabulate==0.9.0").key != parse("tabulate==0.8.10").key
    assert parse(TABULATE).key == parse(TABULATE).key


@pytest.mark.parametrize(
    "line", ["-r more.txt", "-e .", "./wheel.whl", "x @ file:///x", "-c c.txt"]
)
def test_the_file_leads_to_no_other(line: str) -> None:
    with pytest.raises(RequirementsError, match="line 2") as caught:
        parse(f"tabulate\n{line}\n", WHERE)

    assert caught.value.line == 2


def test_a_problem_without_the_file_or_with_an_empty_one_has_no_environment(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    (tmp_path / "requirements.txt").write_text("# nothing yet\n")
    assert read(tmp_path) is None


# ------------------------------------------------------------------ what pip says
SAID = {
    "ERROR: Could not find a version that satisfies the requirement cowsay==99.0 (from versions: "
    "5.0, 6.0, 6.1)\nERROR: No matching distribution found for cowsay==99.0": (
        f"{WHERE}, line 2 (cowsay==99.0): pip finds no cowsay==99.0; the newest are 5.0, 6.0, 6.1. "
        "Choose one of these."
    ),
    "ERROR: No matching distribution found for cowsay==99.0": (
        f"{WHERE}, line 2 (cowsay==99.0): pip finds no package cowsay==99.0 for this Python and "
        "machine. Look whether the name is right."
    ),
    "error: subprocess-exited-with-error\nERROR: Failed building wheel for cowsay": (
        f"{WHERE}, line 2 (cowsay==99.0): cowsay has no wheel for this Python and machine, and its "
        "source does not build. Choose a version with a wheel."
    ),
    "ERROR: Package 'cowsay' requires a different Python: 3.11.7 not in '>=3.12'": (
        f"{WHERE}, line 2 (cowsay==99.0): cowsay is for another Python: 3.11.7 not in '>=3.12'. "
        "Choose another version."
    ),
    "ERROR: Invalid requirement: 'cow say': Expected end\n  ^ (from line 2 of /x/y.txt)": (
        f"{WHERE}, line 2 (cowsay==99.0): pip cannot read 'cow say': Expected end. "
        "Correct the line."
    ),
    "The conflict is caused by:\n    The user requested numpy==2.4.6\n    cowsay 99.0 depends on "
    "numpy<2\n\nERROR: ResolutionImpossible: for help": (
        f"{WHERE}, line 2 (cowsay==99.0): these versions do not fit together: The user requested "
        "numpy==2.4.6; cowsay 99.0 depends on numpy<2. What the file does not name has the "
        "server's version: name numpy in it with a version that fits."
    ),
    "Collecting\nERROR: nobody has thought of this": (
        f"{WHERE}: pip failed and said: nobody has thought of this"
    ),
}


@pytest.mark.parametrize(("said", "words"), SAID.items(), ids=[f"{i}" for i in range(len(SAID))])
def test_a_failure_names_the_line_the_reason_and_the_way_out(said: str, words: str) -> None:
    assert explain(WHERE, parse(MISSING), said.splitlines()).message == words


def test_an_index_out_of_reach_is_no_fault_of_the_file() -> None:
    recipe = parse(MISSING)
    said = ["WARNING: Retrying after NewConnectionError('[Errno 111]')", "ERROR: No"]
    assert is_away(said, recipe)
    assert not is_away(["ERROR: No matching distribution found for x"], recipe)


FROM_ELSEWHERE = (
    "numpy\n"
    "git+https://github.com/somebody/ssd_keras\n"
    "https://api.example.org/repos/tools/zipball/master\n"
)
CLONE_FAILS = [
    "Cloning https://github.com/somebody/ssd_keras to /tmp/x",
    "fatal: unable to access 'https://github.com/somebody/ssd_keras/': Could not resolve host",
    "note: This error originates from a subprocess, and is likely not a problem with pip.",
]
NO_HOST = [
    "ERROR: Could not install packages: host='api.example.org': NewConnectionError('[Errno 2]')"
]


@pytest.mark.parametrize(
    ("said", "line", "words"),
    [
        (CLONE_FAILS, 2, "pip cannot fetch it: unable to access"),
        (NO_HOST, 3, "its host is out of reach"),
    ],
)
def test_an_address_out_of_reach_is_that_of_its_line(said, line, words) -> None:
    recipe = parse(FROM_ELSEWHERE)

    assert not is_away(said, recipe)
    error = explain(WHERE, recipe, said)
    assert error.line == line
    assert words in error.message
    assert "Name a release of the package index instead" in error.message


@pytest.mark.parametrize(
    "line",
    [
        "https://api.github.com/repos/paris-saclay-cds/ramp-workflow/zipball/master",
        "git+https://github.com/paris-saclay-cds/ramp-workflow",
        "git+https://github.com/paris-saclay-cds/ramp-workflow.git@master#egg=ramp-workflow",
        "ramp-workflow @ https://github.com/paris-saclay-cds/ramp-workflow/archive/master.zip",
    ],
)
def test_ramp_workflow_from_its_main_branch_is_the_server_s(line: str) -> None:
    recipe = parse(f"tabulate==0.9.0\n{line}\n")

    assert [wish.name for wish in recipe.wishes] == ["tabulate"]
    assert recipe.text_for_pip.split() == ["tabulate==0.9.0"]
    assert f"ramp-workflow=={metadata.version('ramp-workflow')}" in recipe.server_lines()


def test_what_pip_does_not_get_makes_no_other_environment() -> None:
    """And what failed when pip still got it is tried again."""
    asking = parse("tabulate==0.9.0\ngit+https://github.com/paris-saclay-cds/ramp-workflow\n")

    assert asking.key == parse("tabulate==0.9.0\n\n").key
    assert asking.key != parse("tabulate==0.9.1\n\n").key


def test_a_branch_of_ramp_workflow_is_left_to_pip() -> None:
    line = "git+https://github.com/paris-saclay-cds/ramp-workflow.git@generative"

    recipe = parse(line)

    assert [(wish.name, wish.text) for wish in recipe.wishes] == [("ramp-workflow", line)]
    assert recipe.text_for_pip == line


def test_pip_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABOARD_SECRET_KEY", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.org/simple")

    given = building._environment()

    assert given["PIP_INDEX_URL"].startswith("https://index")
    assert "DATABOARD_SECRET_KEY" not in given


# ------------------------------------------------------------------ real builds
@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pip find packages in a folder of wheels, and nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name, version in (("tabulate", "0.9.0"), ("cowsay", "5.0"), ("cowsay", "6.1")):
        told = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", f"__version__ = {version!r}\n")
            head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            wheel.writestr(f"{told}/METADATA", head)
            tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{told}/WHEEL", tags)
            wheel.writestr(f"{told}/RECORD", "")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.fixture
def out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")


@pytest.mark.usefixtures("out_of_reach")
def test_without_a_network_submissions_wait_and_it_is_tried_again(tmp_path: Path) -> None:
    write_kit(tmp_path / "problems").joinpath("requirements.txt").write_text(TABULATE)
    keeper = Keeper(tmp_path / "problems", tmp_path / "environments")

    assert keeper.look("sides").is_pending
    wait_for(lambda: "does not reach" in keeper.look("sides").note)

    assert keeper.look("sides").is_pending
    assert not list((tmp_path / "environments").glob("*.failed"))
    with pytest.raises(BusyError, match="is being built"):
        keeper.python_of("sides")
    keeper.close()


def test_whatever_a_build_stops_with_is_tried_again(tmp_path: Path) -> None:
    write_kit(tmp_path / "problems").joinpath("requirements.txt").write_text(TABULATE)
    keeper = Keeper(tmp_path / "problems", tmp_path / "no\0where")  # no OSError, but a ValueError

    assert keeper.look("sides").is_pending
    wait_for(lambda: "null byte" in keeper.look("sides").note)

    assert "tried again" in keeper.look("sides").note
    keeper.close()


def test_a_build_ends_at_its_deadline(tmp_path: Path) -> None:
    with pytest.raises(RequirementsError, match="not built in time"):
        building.make(parse(TABULATE), tmp_path, "sides", seconds=0)

    assert building.failure(tmp_path, parse(TABULATE).key) is not None
    assert [path.suffix for path in tmp_path.iterdir() if path.is_dir()] == []


def wait_for(what: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def skip_without_index(tmp_path: Path) -> None:
    """Ask pip for a version that cannot be; what it says tells whether it reaches an index."""
    try:
        building.make(parse("tabulate==99.0"), tmp_path, "sides")
    except BusyError as error:
        pytest.skip(str(error))
    except RequirementsError as error:
        if "the newest are" not in error.message:
            pytest.skip(f"pip has no index with tabulate here: {error.message}")


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where pip reaches no index."""
    skip_without_index(tmp_path_factory.mktemp("online"))


@pytest.fixture(scope="module")
def isolation() -> box.Isolation:
    found = box.detect()
    if found.tier == "none":
        pytest.skip(found.words)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with installation(None, tmp_path_factory.mktemp("root")) as one:
        yield one


def standing(world: World) -> ProblemEnvironment | None:
    with read_only(), world.sessions() as session:
        rows = queries.standings(session)
        return rows[0][1] if rows else None


def state_of(world: World) -> str:
    row = standing(world)
    return row.state if row else ""


def write_requirements(world: World, text: str) -> None:
    (world.kit / "requirements.txt").write_text(text)


@pytest.mark.usefixtures("shelf")
@pytest.mark.slow
def test_what_cannot_be_built_fails_its_submissions_until_the_file_changes(
    world: World, isolation: box.Isolation
) -> None:
    write_requirements(world, MISSING)
    first = world.submit("early")

    with desk_in_thread(world, isolation):
        failed = world.await_state(first)

        assert (failed.state, failed.fault) == ("checking_error", "organiser")
        assert (failed.error_file, failed.error_line) == ("requirements.txt", 2)
        assert failed.message.startswith(f"{WHERE}, line 2 (cowsay==99.0): pip finds no cowsay")
        assert "the newest are 5.0, 6.1." in failed.message
        row = standing(world)
        assert row is not None
        assert (row.state, row.line, row.note) == ("failed", 2, failed.message)

        (world.kit / "requirements.txt").unlink()
        again = world.await_state(first, "scored")

    assert again.run == 2
    assert state_of(world) == ""


KILLED = """
import sys
from pathlib import Path
from databoard.training.environments import building
from databoard.training.environments.recipe import parse

def say(line):
    print(line, flush=True)
building.make(parse(sys.argv[2]), Path(sys.argv[1]), "sides", say=say)
"""


def start_build(root: Path, text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(root), text],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.mark.slow  # the whole of scikit-learn is installed, once
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("online")
def test_an_environment_of_a_problem_s_own_from_the_file_to_the_score(
    world: World, isolation: box.Isolation, tmp_path: Path
) -> None:
    root = world.settings.root / "environments"
    key = parse(TABULATE).key
    shutil.rmtree(root, ignore_errors=True)  # of a first try

    # Killed half way: nothing that looks complete is left, and pip ends with its builder.
    killed = start_build(root, TABULATE)
    assert killed.stdout is not None
    next(line for line in killed.stdout if "Installing collected packages" in line)
    below = list(watchdog.descendants(killed.pid))
    assert below
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in below))
    assert building.find(root, key) is None
    assert list(root.glob(f".{key}.*"))

    # Its submissions wait, those of other problems do not; two builders make one environment.
    write_requirements(world, TABULATE)
    (world.kit / "problem.py").write_text(
        "import tabulate\n" + (world.kit / "problem.py").read_text()
    )
    submission = world.submit("own", IMPORTING)
    other = threading.Thread(target=building.make, args=(parse(TABULATE), root, "sides"))
    other.start()
    with desk_in_thread(world, isolation):
        wait_for(lambda: state_of(world) == "building")
        assert world.read(submission).state == "new"
        scored = world.await_state(submission, seconds=240)
        other.join()

        assert scored.state == "scored", scored.message
        row = standing(world)
        assert row is not None
        assert (row.state, row.key) == ("ready", key)
        assert scored.environment_hash == row.hash_
        with read_only(), world.sessions() as session:
            listed = queries.by_hash(session, row.hash_)
            assert listed is not None
            assert "tabulate==0.9.0" in listed.packages
            assert digest(listed.packages) == row.hash_
            trainers = queries.of_trainers(session)
            assert trainers is not None
            assert trainers.packages == packages()
    assert [path.name for path in root.iterdir() if path.is_dir()] == [key]

    # A changed file is a new environment; the old one stays until somebody cleans.
    write_requirements(world, MISSING)
    with desk_in_thread(world, isolation):
        second = world.submit("changed", IMPORTING)
        assert world.await_state(second).fault == "organiser"
        write_requirements(world, TABULATE + "\n")
        assert parse(TABULATE + "\n").key != key
        write_requirements(world, TABULATE)
        assert world.await_state(second, "scored").run == 2


@pytest.mark.slow  # with the environment of the test before
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("tier", ["full", "ns", "landlock", "none"])
def test_every_tier_shows_the_environment_and_no_other(
    world: World, tier: str, tmp_path: Path
) -> None:
    isolation = box.detect((tier,)) if tier != "none" else box.refusal(["asked for"])
    if isolation.tier != tier:
        pytest.skip("; ".join(isolation.notes))
    root = world.settings.root / "environments"
    write_requirements(world, TABULATE)
    neighbour = root / "neighbour"
    neighbour.mkdir(exist_ok=True)
    (neighbour / "secret").write_text("seen")
    folder = tmp_path / "submission"
    folder.mkdir()
    look = f"import sys\ntry:\n    print(open({str(neighbour / 'secret')!r}).read())\n"
    look += "except OSError:\n"
    look += "    print('unseen')\nprint(sys.prefix)\n"
    (folder / "classifier.py").write_bytes(look.encode() + IMPORTING)
    engine = Engine(
        world.settings.problems_dir,
        slots=1,
        min_isolation="landlock",
        allow_unsafe=True,
        isolation=isolation,
    )
    try:
        made = engine.environments.wait("sides").made
        assert made is not None
        task = FoldTask(folder, "sides", None, 0, Limits(), log="full")
        result = engine.train_fold(task).result(60)
    finally:
        engine.close()

    assert result.verdict.is_ok, result.verdict
    seen, prefix, version = result.log.decode().split()[:3]
    assert (seen == "unseen") == (tier != "none")
    assert Path(prefix) == root / made.key
    assert version == "0.9.0"
