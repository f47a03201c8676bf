"""The small world that the access table speaks of: people, events, submissions, tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from databoard.services import accounts, outbox, tokens
from databoard.store.files import Files
from databoard.store.models import (
    Event,
    Interaction,
    Keyword,
    SandboxFile,
    Submission,
    Trainer,
    User,
)
from tests.builders import (
    make_event,
    make_event_team,
    make_problem,
    make_scored_submission,
    make_submission,
    make_team,
    make_user,
)
from tests.web.access_table import (
    CLOSED_SUBMISSION,
    FAILED_SUBMISSION,
    HIDDEN_SUBMISSION,
    ROLES,
    SUBMISSION,
)

#: Real time, because requests read the clock: the world began a week ago.
BEGAN = datetime.now(UTC) - timedelta(days=7)
CODE = b"class Classifier:\n    pass\n"


class Keys(dict[str, tuple[str, str, str]]):
    """By role: key of the user, secret of a login, secret of a token."""


def build(session: Session, submissions_dir: Path) -> Keys:
    """Fill an empty database."""
    organiser = make_user(session, "organiser")
    people = {
        "asked": make_user(session, "asked", access_level="asked"),
        "user": make_user(session, "visitor"),
        "teammate": make_user(session, "mate"),
        "event_admin": organiser,
        "admin": make_user(session, "root", access_level="admin"),
    }
    make_user(session, "waiting", access_level="asked", email_confirmed_at=None)
    events = _events(session, organiser)
    # The first sign-up has key 1: a team that waits.
    patient = make_team(session, "patient")
    make_event_team(session, events["open"], patient, approved_at=None, signed_up_at=BEGAN)
    _submissions(session, events, people["teammate"], submissions_dir)
    outbox.write(session, "news", "mate@example.org", "News", "Hello.", now=BEGAN)
    session.add(
        Trainer(name="trainer-1", host="here", pid=1, started_at=BEGAN, seen_at=datetime.now(UTC))
    )
    return _keys(session, people)


def _events(session: Session, organiser: User) -> dict[str, Event]:
    flowers = make_problem(
        session, "flowers", summary="Tell irises apart.", overview_html="<p>Irises.</p>"
    )
    flowers.keywords = [Keyword(name="botany", type="domain")]
    secret = make_problem(session, "secret")
    shared = {"admins": [organiser], "opening_at": BEGAN}
    return {
        "open": make_event(session, "open", problem=flowers, title="Open irises", **shared),
        "hidden": make_event(session, "hidden", problem=secret, is_public=False, **shared),
        "closed": make_event(
            session,
            "closed",
            problem=flowers,
            closing_at=datetime.now(UTC) - timedelta(days=1),
            **shared,
        ),
    }


def _submissions(
    session: Session, events: dict[str, Event], mate: User, submissions_dir: Path
) -> None:
    team = make_team(session, "mates", [make_user(session, "founder"), mate])
    rival = make_team(session, "rivals")
    hashes = {"open": SUBMISSION, "hidden": HIDDEN_SUBMISSION, "closed": CLOSED_SUBMISSION}
    made: list[Submission] = []
    for name, event in events.items():
        place = make_event_team(session, event, team)
        place.sandbox = [SandboxFile(filename="classifier.py", content=CODE, updated_at=BEGAN)]
        made.append(
            make_scored_submission(
                session, place, "first", score=0.9, hash_=hashes[name], submitted_at=BEGAN
            )
        )
        make_scored_submission(
            session, make_event_team(session, event, rival), "other", score=0.8, submitted_at=BEGAN
        )
        if name == "open":
            failed = make_submission(
                session,
                place,
                "broken",
                hash_=FAILED_SUBMISSION,
                submitted_at=BEGAN,
                ended_at=BEGAN,
                state="training_error",
                fault="team",
                message="ValueError: no",
                error_file="classifier.py",
                error_line=2,
                error_text="Traceback",
            )
            made.append(failed)
    session.add(
        Interaction(
            at=BEGAN, user=mate, kind="submit", event_id=events["open"].id, submission=made[0]
        )
    )
    files = Files(submissions_dir)
    for submission in made:
        files.write_sources(submission.folder, {"classifier.py": CODE})
        files.write_fold(submission.folder, 0, "log.txt", b"what it printed")
    # What joining an event puts into a sandbox, and what is downloaded.
    kit = submissions_dir.parent / "problems" / "flowers" / "starting_kit"
    kit.mkdir(parents=True, exist_ok=True)
    (kit / "classifier.py").write_bytes(CODE)


def _keys(session: Session, people: dict[str, User]) -> Keys:
    keys, now = Keys(), datetime.now(UTC)
    for role in ROLES[1:]:
        user = people[role]
        _, login = accounts.open_session(session, user, "127.0.0.1", "pytest", now=now)
        _, token = tokens.create(session, user, role, now=now, scopes=["read", "submit"])
        keys[role] = (user.get_id(), login, token)
    return keys
