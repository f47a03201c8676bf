"""Submissions: deposited, trained, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from databoard import logs
from databoard.cli.words import (
    EventName,
    SubmissionName,
    TeamName,
    Yes,
    clock,
    confirm,
    found,
)
from databoard.errors import InvalidError, TrainingError
from databoard.kits.deposits import read_folder
from databoard.services import submissions
from databoard.settings import Settings
from databoard.store.models import Submission
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from databoard.store.queries import jobs as job_queries
from databoard.store.queries import submissions as queries
from databoard.store.queries import teams as team_queries

DUE = ("new", "training")


def submit(
    settings: Settings,
    event: EventName,
    team: TeamName,
    submission: SubmissionName,
    path: Annotated[str, "folder with the files of the submission"],
) -> str:
    """Deposit a submission from a folder; the trainer takes it from there."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise InvalidError(f"There is no folder {path}.", "path")
    with open_session(settings.database_url) as session:
        row = found(event_queries.by_name(session, event), "event", event, "see: fab list_events")
        owner = found(team_queries.by_name(session, team), "team", team, "see: fab list_teams")
        place = found(
            team_queries.event_team(session, row.id, owner.id),
            "sign-up of the team",
            team,
            f"run: fab sign_up_team:{event},{team}",
        )
        submissions.submit(
            session,
            place,
            submission,
            read_folder(submissions.elements_of(place), folder),
            submissions_dir=settings.submissions_dir,
            now=clock(),
            as_admin=True,
        )
        session.commit()
    return f"Submitted {submission} of {team} to {event}; train it with: fab train"


def train(
    settings: Settings,
    once: Annotated[bool, "end when nothing is due"] = False,
    name: Annotated[str, "what this trainer is called on the pages"] = "",
) -> str:
    """Run the trainer: it trains what is due until it is stopped."""
    from databoard.training import dispatcher  # here: the other commands start faster without

    logs.configure(as_json=settings.is_production)
    code = dispatcher.run(settings, once=once, name=name or None)
    if code:
        raise TrainingError(f"The trainer ended with code {code}.")
    return "The trainer has ended."


def train_test(
    settings: Settings,
    event: EventName = "",
    team: TeamName = "",
    submission: SubmissionName = "",
    state: Annotated[str, "only those in this state"] = "",
    force: Annotated[bool, "train also what has been scored or has failed"] = False,
) -> str:
    """Train what is due or named, here and now, and return when it has ended."""
    rows = chosen(settings, event, team, submission, state, force=force)
    with open_session(settings.database_url) as session:
        there = {job.submission_id for job in job_queries.at_datarun(session)}
        ids = [row.id for row in rows if row.id not in there]
        for row in rows:
            if row.is_ended and (ended := queries.by_id(session, row.id)) is not None:
                submissions.retry(session, ended, now=clock(), reason="fab train_test")
        session.commit()
    if not ids:
        return "Nothing is due; force=True trains also what has ended."
    from databoard.training import dispatcher  # here: as above

    dispatcher.train_now(settings, ids)
    return _endings(settings, ids)


def chosen(
    settings: Settings, event: str, team: str, submission: str, state: str, *, force: bool = False
) -> list[Submission]:
    """List the submissions that a command means: what is due, what is named, or all of a state."""
    with open_session(settings.database_url) as session:
        events = (
            [found(event_queries.by_name(session, event), "event", event, "see: fab list_events")]
            if event
            else event_queries.all_events(session)
        )
        return [
            row
            for each in events
            for row in queries.of_event(
                session, each.id, team=team or None, name=submission or None
            )
            if _is_wanted(row, state, is_named=bool(submission), force=force)
        ]


def _is_wanted(row: Submission, state: str, *, is_named: bool, force: bool) -> bool:
    if state:
        return row.state == state
    return force or row.state in DUE or (is_named and row.state != "scored")


def _endings(settings: Settings, ids: list[int]) -> str:
    """Tell how each submission ended."""
    with open_session(settings.database_url) as session:
        rows = [queries.full(session, submission_id) for submission_id in ids]
        return "\n".join(
            f"{row.event_team.event.name} {row.event_team.team.name} {row.name}: "
            + " ".join(filter(None, (row.state, row.message)))
            for row in rows
            if row is not None
        )


def delete_submission(
    settings: Settings,
    event: EventName,
    team: TeamName,
    submission: SubmissionName,
    yes: Yes = False,
) -> str:
    """Remove a submission, its scores and its files for good."""
    with open_session(settings.database_url) as session:
        row = found(event_queries.by_name(session, event), "event", event, "see: fab list_events")
        gone = found(
            queries.by_name(session, row, team, submission),
            "submission",
            submission,
            f"see: fab print_submissions:{event},{team}",
        )
        confirm(f"The submission {submission} of {team} goes, with scores and files.", yes=yes)
        submissions.delete(session, gone, submissions_dir=settings.submissions_dir)
        session.commit()
    return f"Deleted {submission} of {team}."
