"""From nothing to an event whose starting kit is trained (neighbours, row new_problem)."""

from __future__ import annotations

from databoard.cli.actions import accounts, events, problems, submissions, teams
from databoard.kits.templates import TEMPLATES
from databoard.store.opening import open_session
from databoard.store.queries import submissions as queries


def test_new_problems_become_events_and_one_is_trained(settings):
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
    submissions.train_test(settings, name, "ada", "first")

    with open_session(settings.database_url) as session:
        (row,) = queries.search(session, None)
        assert row.state == "scored", row.message
