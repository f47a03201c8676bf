"""Watch over the server: from cron, every few minutes."""

from __future__ import annotations

from databoard.cli.actions.backups import crontab_path
from databoard.cli.actions.reports import write_due
from databoard.cli.words import clock
from databoard.domain import crontab
from databoard.services import monitoring
from databoard.settings import Settings
from databoard.store.opening import open_session


def monitor(settings: Settings) -> str:
    """Write to the administrators when a task is late or failed, and reports of closed events."""
    schedule = crontab.tasks_of(crontab_path(settings).read_text())
    with open_session(settings.database_url) as session:
        found = monitoring.alarms(session, schedule, now=clock())
        n_new = monitoring.sound(session, found, now=clock())
        session.commit()
    lines = [f"{alarm.what} {alarm.mend}" for alarm in found]
    lines += write_due(settings)
    return "\n".join([*lines, f"{len(found)} alarms, {n_new} of them new."])
