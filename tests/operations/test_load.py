"""Locust, as the manual has it: ``locust -f locustfile.py``, with and without its web page."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
import urllib.request

import pytest

from databoard.cli import populate
from databoard.cli.actions import teams
from tests.cli.conftest import copy_problem
from tests.operations.conftest import ROOT, Installation, free_port, need

PASSWORD = "a password for load"


def get(url, patience_s=30):
    """Status of a page, as soon as there is a server."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with opener.open(url, timeout=5) as answer:
                return answer.status
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    need("locust")
    base = tmp_path_factory.mktemp("load")
    made = Installation(base / "server", f"sqlite:///{base}/server.db")
    made.make_tables()
    copy_problem("iris", made.root)
    settings = made.settings
    populate.ensure_problem(settings, "iris")
    populate.ensure_event(settings, "iris", "iris")
    populate.ensure_user(settings, "ada", PASSWORD)
    teams.sign_up_team(settings, "iris", "ada")
    return made


@pytest.fixture(scope="module")
def host(installation):
    """Address of the site, whose forms are protected as always."""
    port = free_port()
    server = subprocess.Popen(
        [ROOT / "tools" / "with_env.sh", "fab", f"serve:{port}"],
        env=installation.environment,
        cwd=installation.base,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        get(f"http://127.0.0.1:{port}/login")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(server)


LOCUST = ("locust", "-f", ROOT / "locustfile.py")
WHO = {"DATABOARD_USERNAME": "ada", "DATABOARD_PASSWORD": PASSWORD, "DATABOARD_EVENT": "iris"}


# checklist 46, 48
def test_locust_plays_participants_without_a_failure(installation, host, tmp_path):
    said = installation.run(
        *LOCUST, "--headless", "-u", 2, "-r", 2, "-t", "8s", "--host", host,
        "--csv", tmp_path / "load", "--only-summary", **WHO,
    )  # fmt: skip

    assert said.returncode == 0, said.stderr
    with (tmp_path / "load_stats.csv").open(newline="") as file:
        rows = {(row["Type"], row["Name"]): row for row in csv.DictReader(file)}
    assert ("POST", "/login") in rows
    assert ("GET", "/events/iris/leaderboard") in rows
    assert {row["Failure Count"] for row in rows.values()} == {"0"}


# checklist 47
def test_locust_names_what_is_missing_before_any_load(installation):
    done = installation.run(*LOCUST, "--headless", "-u", 1, "-t", "1s")

    assert done.returncode == 1
    assert "DATABOARD_USERNAME" in done.stderr
    assert "DATABOARD_PASSWORD" in done.stderr


# checklist 49
def test_locust_has_its_page(installation, host):
    port = free_port()
    locust = subprocess.Popen(
        [*map(str, LOCUST), "--host", host, "--web-port", str(port)],
        env={**installation.environment, **WHO},
        cwd=installation.base,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert get(f"http://127.0.0.1:{port}/") == 200
    finally:
        stop(locust)
