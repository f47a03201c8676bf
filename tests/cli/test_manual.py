"""The lines of the original manual, as printed, through a real shell.

``LINES`` has them all in their order; lines of tasks that run for ever, or need a server
elsewhere, have tests of their own below.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import select

from databoard.store.engine import make_engine, make_sessions
from databoard.store.models import Event, EventTeam, ScoreType, Team, WorkflowElementType
from tests.cli.conftest import ROOT, copy_problem

# Spaces at the end of lines are the manual's.
DEPLOY = """\
fab add_workflow_element_type:classifier,code
fab add_workflow:feature_extractor_classifier_calibrator_workflow,feature_extractor,classifier,calibrator
fab add_score_type:test_score_type,True,0.0,inf
fab add_problem:variable_stars
fab add_event:variable_stars
"""  # noqa: E501
DRUG_SPECTRA = """\
fab add_score_type:error_mare_mixed,"1",0.0,inf  
fab add_score_type:error_mixed,"1",0.0,1.0   
fab add_score_type:mare_mixed,"1",0.0,inf   
fab add_score_type:mare,"1",0.0,inf  
fab add_workflow_element_type:feature_extractor_reg,code   
fab add_workflow_element_type:feature_extractor_clf,code  
fab add_workflow:feature_extractor_classifier_regressor_workflow,feature_extractor_clf,classifier,feature_extractor_reg,regressor  
fab add_problem:drug_spectra   
fab add_event:drug_spectra  
fab sign_up_team:drug_spectra,kegl  
"""  # noqa: E501, W291
AIR_PASSENGERS = """\
fab add_workflow_element_type:external_data,data  
fab add_workflow:feature_extractor_regressor_with_external_data_workflow,feature_extractor,regressor,external_data  
fab add_problem:air_passengers  
fab add_event:air_passengers_dssp4  
fab sign_up_team:air_passengers_dssp4,kegl  
fab sign_up_team:air_passengers_dssp4,agramfort  
"""  # noqa: E501, W291
TEST_LOCALLY = "fab test_setup  \n"

SEQUENCES = {
    "deploy": (DEPLOY, ["variable_stars"]),
    "drug_spectra": (DRUG_SPECTRA, ["drug_spectra"]),
    "air_passengers": (AIR_PASSENGERS, ["air_passengers"]),
}


class Installation:
    """A data root with the fabfile, as on the original server, and a shell in it."""

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(root),
            "DATABOARD_DB_URL": url,
            "DATABOARD_WORKERS": "2",
        }
        root.mkdir(exist_ok=True)
        for name in ("fabfile.py", "manage.py", "wsgi.py"):
            (root / name).symlink_to(ROOT / name)
        (root / "server_logs").mkdir()

    def sh(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script in bash, which stops at the first line that fails."""
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.root,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def start(self, script: str, **env: str) -> subprocess.Popen[str]:
        """Run a line in bash, in a process group of its own."""
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.root,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def installation(tmp_path, database_url):
    """An installation whose database has all tables and no row."""
    return Installation(tmp_path / "data", database_url)


@pytest.fixture
def ask(database_url):
    """Ask the installation's database for all values of a column."""
    engine = make_engine(database_url)

    def answer(statement):
        with make_sessions(engine)() as session:
            return session.scalars(statement).all()

    yield answer
    engine.dispose()


# checklist 26, 27, 30, 32, 35, 42, 43
@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_of_the_manual_runs_as_printed_on_an_empty_database(name, installation, ask):
    script, problems = SEQUENCES[name]
    for problem in problems:
        copy_problem(problem, installation.root)

    done = installation.sh(script)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(script.splitlines())
    events = {"deploy": ["variable_stars"], "drug_spectra": ["drug_spectra"]}
    assert ask(select(Event.name)) == events.get(name, ["air_passengers_dssp4"])
    teams = {"deploy": set(), "drug_spectra": {"kegl"}}.get(name, {"kegl", "agramfort"})
    assert set(ask(select(Team.name).join(EventTeam))) == teams


@pytest.mark.slow
def test_todays_spelling_does_the_same(installation, ask):
    done = installation.sh(
        "fab add_workflow_element_type classifier code\n"
        "fab add-workflow --name calm --element-types classifier\n"
        "fab add-score-type test_score_type True 0.0 inf\n"
        "python manage.py add-score-type other_score_type 0 -- -inf 1.0\n"
    )

    assert done.returncode == 0, done.stderr
    assert ask(select(WorkflowElementType.name)) == ["classifier"]
    assert ask(select(ScoreType.is_lower_the_better).order_by(ScoreType.id)) == [True, False]
    assert ask(select(ScoreType.maximum).order_by(ScoreType.id)) == [float("inf"), 1.0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fab add_problem:", "add_problem needs: name"),
        ("fab ad_problem:iris", "No idea what 'ad_problem:iris' is!"),
        ("fab add_workflow_element_type:classifier,nope", "code, text, data"),
        ("fab add_problem:nothing", "nothing"),
        ("fab test_setup", "DATABOARD_TEST"),  # checklist 37
        ("python manage.py add_event nothing", "nothing"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(line, says, installation, ask):
    done = installation.sh(line)

    assert done.returncode != 0
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert ask(select(WorkflowElementType.name)) == []


@pytest.mark.parametrize(
    "line", ["fab --help add_problem", "fab add_problem --help", "fab add_problem:iris -h"]
)
def test_help_tells_what_the_arguments_mean(line, installation):
    done = installation.sh(line)

    assert done.returncode == 0
    assert "Add a problem from its folder" in done.stdout
    assert "delete what is there first" in done.stdout


def test_fab_list_documents_every_task(installation):
    done = installation.sh("fab --list")

    assert "Sign a team up for an event" in " ".join(done.stdout.split())


# ---- what runs until it is stopped ---------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, patience_s=20):
    """Status of a page, as soon as there is a server."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def stop(process):
    """End what ``start`` started, as Ctrl-C does; give what it printed."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=20)[0]


# checklist 38, 39; port 80 belongs to root, so it is another one here
# checklist 61: the data root lies outside of the checkout
def test_serve_writes_its_requests_to_a_file_at_once(installation):
    port = free_port()
    server = installation.start(f"fab serve:{port} > server_logs/server16.txt 2>&1")
    try:
        assert get(f"http://127.0.0.1:{port}/login?next=%0a") == 200
        log = (installation.root / "server_logs" / "server16.txt").read_text()
    finally:
        stop(server)

    assert f"Serving on http://0.0.0.0:{port}/" in log
    assert '"GET /login?next=%0a" 200' in log


def test_a_port_that_is_taken_is_told_in_one_line(installation):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        done = installation.sh(f"fab serve:{taken.getsockname()[1]}")

    assert done.returncode == 1
    assert "choose another: fab serve:" in done.stderr
    assert "Traceback" not in done.stderr


# checklist 41
def test_profile_reports_a_request(installation):
    port = free_port()
    server = installation.start(f"fab profile:{port},profile.log")
    try:
        assert get(f"http://127.0.0.1:{port}/login") == 200
        report = (installation.root / "profile.log").read_text()
    finally:
        stop(server)

    assert "function calls" in report


# checklist 3, 20, 37
@pytest.mark.slow
def test_test_setup_rebuilds_the_test_database_and_no_other(installation, tmp_path, ask):
    for problem in ("iris", "diabetes"):
        copy_problem(problem, installation.root)
    url = f"sqlite:///{tmp_path / 'test.db'}"
    env = {"DATABOARD_TEST": "True", "DATABOARD_DB_URL_TEST": url}

    done = installation.sh(TEST_LOCALLY * 2 + "python manage.py scores iris --json", **env)

    assert done.returncode == 0, done.stderr
    assert ask(select(Event.name)) == []
    folders = list(installation.root.glob("problems/*/deposited_submissions/*/*/"))
    kept = list((installation.root / "submissions").glob("submission_*"))
    assert len(kept) == len(folders)
    assert '"state": "scored"' in done.stdout


@pytest.mark.slow
def test_an_old_schema_is_upgraded_and_used(tmp_path):
    installation = Installation(tmp_path / "data", f"sqlite:///{tmp_path / 'new.db'}")

    done = installation.sh(
        "python manage.py db upgrade; python manage.py db upgrade; fab list_users"
    )

    assert done.returncode == 0, done.stderr
    assert "There is no user yet" in done.stdout
