"""``manage.py monitor`` reads the crontab that is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from databoard.cli.actions.monitoring import monitor
from databoard.services import tasks
from databoard.store.opening import open_session
from tests.builders import make_user


def test_the_shipped_crontab_s_tasks_are_watched(settings):
    long_ago = datetime.now(UTC) - timedelta(days=9)
    with open_session(settings.database_url) as session:
        make_user(session, "root", access_level="admin", created_at=long_ago)
        run = tasks.start(session, "backup", now=long_ago)
        tasks.finish(session, run, ok=True, message="", now=long_ago)
        session.commit()

    said = monitor(settings)

    for task in ("backup", "housekeeping", "rehearsal", "clean"):
        assert f"The task {task} is late" in said
    assert said.endswith("4 alarms, 4 of them new.")
    assert monitor(settings).endswith("4 alarms, 0 of them new.")
