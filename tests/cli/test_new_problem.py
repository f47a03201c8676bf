"""From nothing to an event whose starting kit is trained (neighbours, row new_problem)."""

from __future__ import annotations

import io
import json
import logging

import pytest

from databoard import logs
from databoard.cli.actions import accounts, events, problems, submissions, teams
from databoard.kits.templates import TEMPLATES
from databoard.store.opening import open_session
from databoard.store.queries import submissions as queries


@pytest.fixture
def log():
    """What is logged from now on."""
    root = logging.getLogger()
    known, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = known, level


def test_new_problems_become_events_and_one_is_trained(settings, log):
    accounts.create_user(settings, "ada", "ada@example.org", "a long password")
    for template in TEMPLATES:
        name = f"new_{template}"
        assert f"fab add_problem:{name}" in problems.new_problem(settings, name, template)
        problems.add_problem(settings, name)
        events.add_event(settings, name)
        teams.sign_up_team(settings, name, "ada")

    name = "new_feature_extractor_regressor"
    folder = settings.problems_dir / name / "submissions" / "starting_kit"
    submissions.submit(settings, name, "ada", "first", str(folder))
    logs.configure(as_json=True, stream=log)
    submissions.train_test(settings, name, "ada", "first")

    with open_session(settings.database_url) as session:
        (row,) = queries.search(session, None)
        assert row.state == "scored", row.message
    # What the trainer logs of a submission says of which.
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [line["message"] for line in lines if line.get("submission") == row.hash_]
    assert told == ["training begins, attempt 1", "training ends: scored"]
