"""What is true of every database, whatever happened to it, as SQL.

``violations(session)`` runs after the tests of the services; on a server the same questions can
be asked at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from databoard.services.jobs import LEASE
from databoard.store.base import UTCDateTime

OPEN = "('new', 'training')"

# Each finds the keys of rows that should not be.
ALWAYS = {
    "a submission has two open jobs": """
        SELECT submission_id FROM jobs WHERE state IN ('due', 'running')
        AND submission_id IS NOT NULL GROUP BY submission_id HAVING count(*) > 1""",
    "a submission that has ended has an open job": f"""
        SELECT s.id FROM submissions s JOIN jobs j ON j.submission_id = s.id
        WHERE s.state NOT IN {OPEN} AND j.state IN ('due', 'running')""",
    "a submission is in another event than its team": """
        SELECT s.id FROM submissions s JOIN event_teams t ON t.id = s.event_team_id
        WHERE s.event_id <> t.event_id""",
    "a submission misses the run of a fold, or has one of another event": """
        SELECT s.id FROM submissions s
        WHERE (SELECT count(*) FROM folds f WHERE f.event_id = s.event_id)
           <> (SELECT count(*) FROM fold_runs r JOIN folds f ON f.id = r.fold_id
               WHERE r.submission_id = s.id AND f.event_id = s.event_id)""",
    "a scored submission has a fold that is not scored": """
        SELECT s.id FROM submissions s JOIN fold_runs r ON r.submission_id = s.id
        WHERE s.state = 'scored' AND r.state <> 'scored'""",
    "a scored submission misses a score": """
        SELECT s.id FROM submissions s
        WHERE s.state = 'scored'
        AND (SELECT count(*) FROM event_score_types t WHERE t.event_id = s.event_id)
         <> (SELECT count(*) FROM submission_scores c WHERE c.submission_id = s.id)""",
    "a submission that is not scored has scores": """
        SELECT s.id FROM submissions s JOIN submission_scores c ON c.submission_id = s.id
        WHERE s.state <> 'scored'""",
    "a fold that is not scored has scores": """
        SELECT r.id FROM fold_runs r JOIN fold_scores c ON c.fold_run_id = r.id
        WHERE r.state <> 'scored'""",
    "a fold of a submission that has ended is still running": f"""
        SELECT r.id FROM fold_runs r JOIN submissions s ON s.id = r.submission_id
        WHERE s.state NOT IN {OPEN} AND s.state <> 'quarantined'
        AND r.state IN ('new', 'training', 'trained', 'validated', 'tested')""",
    "a letter was sent before it was written": """
        SELECT id FROM outgoing_mails WHERE sent_at < created_at""",
    "a team has two live submissions of one name": """
        SELECT event_team_id FROM submissions WHERE withdrawn_at IS NULL
        GROUP BY event_team_id, name HAVING count(*) > 1""",
}

# True of what the services made; the builders of tests make submissions without jobs or files.
OF_SERVICES = {
    "a submission in the queue has no job": f"""
        SELECT s.id FROM submissions s WHERE s.state IN {OPEN}
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.submission_id = s.id
                        AND j.state IN ('due', 'running'))""",
    "a submission has no file": """
        SELECT s.id FROM submissions s
        WHERE NOT EXISTS (SELECT 1 FROM submission_files f WHERE f.submission_id = s.id)""",
    "a job runs that its submission does not know of": """
        SELECT j.id FROM jobs j JOIN submissions s ON s.id = j.submission_id
        WHERE (j.state = 'running') <> (s.state = 'training')
        AND j.state IN ('due', 'running')""",
}


def violations(session: Session, *, now: datetime | None = None, strict: bool = False) -> list[str]:
    """List what is wrong; nothing is.

    Parameters
    ----------
    now : datetime, optional
        To ask also for jobs that nobody took back when their lease had ended.
    strict : bool
        Whether all submissions were made by the services.
    """
    found = []
    for what, query in (ALWAYS | (OF_SERVICES if strict else {})).items():
        keys = [str(row[0]) for row in session.execute(text(query))]
        if keys:
            found.append(f"{what}: {', '.join(keys)}")
    if now is not None:
        late = text("SELECT id FROM jobs WHERE state = 'running' AND lease_until < :limit")
        limit = now - timedelta(seconds=LEASE.total_seconds())
        late = late.bindparams(
            limit=UTCDateTime().process_bind_param(limit, session.get_bind().dialect)
        )
        found += [f"job {row[0]} outlives its lease" for row in session.execute(late)]
    return found
