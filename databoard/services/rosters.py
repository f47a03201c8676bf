"""A class list becomes accounts, teams and invitations at once, or nothing does."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from databoard.errors import DataboardError, InvalidError
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import accounts, outbox, teams
from databoard.store.models import Event, Team, TeamMember, User
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import teams as team_queries

MAX_BYTES = 1_000_000
MAX_ROWS = 1000
COLUMNS = {"email", "name", "firstname", "lastname", "team"}


@dataclass
class Imported:
    """What an import made."""

    new: list[User] = field(default_factory=list)
    known: list[User] = field(default_factory=list)
    teams: dict[str, Team] = field(default_factory=dict)


def read_roster(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV with a head line: ``email``, and maybe name, firstname, lastname, team.

    Returns
    -------
    list of tuple
        The number of each row's line in the file, in which empty lines count, and the row.

    Raises
    ------
    InvalidError
        Naming the line that is wrong.
    """
    if len(content) > MAX_BYTES:
        raise InvalidError(phrase("This file is too large for a class list."), "file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError(phrase("Save the list as CSV in UTF-8."), "file") from None
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    known = {(name or "").strip().lower() for name in reader.fieldnames or ()}
    if "email" not in known or not known <= COLUMNS:
        raise InvalidError(
            phrase(
                "The first line must name the columns: email, and maybe name, firstname, "
                "lastname and team."
            ),
            "file",
        )
    rows = [
        (
            reader.line_num,
            {
                (key or "").strip().lower(): (value or "").strip()
                for key, value in row.items()
                if key
            },
        )
        for row in reader
        if any(row.values())
    ]
    if not 1 <= len(rows) <= MAX_ROWS:
        raise InvalidError(phrase("A list has 1 to %(most)s people.", most=MAX_ROWS), "file")
    return rows


def import_roster(
    session: Session,
    event: Event,
    rows: list[tuple[int, dict[str, str]]],
    *,
    by: User,
    problems_dir: Path,
    now: datetime,
) -> Imported:
    """Make the accounts that are missing, sign everybody up, and write to the new ones.

    Parameters
    ----------
    by : User
        Who imports. Whoever is no administrator fills only new teams and those that take part in
        nothing but the own events: members see all that a team has, in every event.

    Raises
    ------
    InvalidError
        Naming the line; the caller rolls back.
    """
    imported = Imported()
    own = None if by.is_admin else {one.name for one in event_queries.administered(session, by)}
    for number, row in rows:
        try:
            _import_row(session, row, imported, own, now)
        except DataboardError as error:
            raise InvalidError(
                phrase("Line %(number)s: %(message)s", number=number, message=error.message), "file"
            ) from error
    for user in imported.new:
        user.locale = by.locale  # until they choose: a class speaks its teacher's language
    session.flush()
    for team in imported.teams.values():
        teams.sign_up(
            session, event, team, problems_dir=problems_dir, now=now, approved=True, checks=False
        )
    for user in imported.new:
        letter = letters.account_made(user, event.title)
        outbox.write(session, f"roster:{user.id}", user.email, letter.subject, letter.body, now=now)
    session.flush()
    return imported


def _import_row(
    session: Session,
    row: dict[str, str],
    imported: Imported,
    own: set[str] | None,
    now: datetime,
) -> None:
    email = accounts.check_email(row["email"])
    user = account_queries.by_email(session, email)
    if user is None:
        name = row.get("name") or _free_name(session, email)
        user = accounts.create_user(
            session,
            name,
            email,
            None,
            now=now,
            firstname=row.get("firstname", ""),
            lastname=row.get("lastname", ""),
        )
        imported.new.append(user)
    else:
        imported.known.append(user)
    wanted = row.get("team", "")
    if not wanted:
        team = teams.individual(session, user, now=now)
    else:
        team = imported.teams.get(wanted.lower()) or _team(session, wanted, user, own, now)
        if team.is_individual:  # also of a line above, which signed it up
            raise InvalidError(phrase("%(name)s is somebody's own team.", name=wanted), "file")
        if not team_queries.is_member(session, team.id, user.id):
            # An organiser's word: the limits of the team's other events are not asked.
            session.add(TeamMember(team_id=team.id, user_id=user.id, joined_at=now))
            session.flush()
    imported.teams[team.name.lower()] = team


def _team(session: Session, name: str, user: User, own: set[str] | None, now: datetime) -> Team:
    """Find or found a team that may get members by this list."""
    team = team_queries.by_name(session, name)
    if team is None:
        return teams.create(session, user, name, now=now)
    if own is not None and not team.is_individual:
        events = team_queries.events_of(session, team)
        if not events or not own.issuperset(events):
            raise InvalidError(
                phrase(
                    "%(name)s is not a team of your events alone; choose another name.", name=name
                )
            )
    return team


def _free_name(session: Session, email: str) -> str:
    """Make a name of what stands before the @, with a number where it is taken."""
    stem = re.sub(r"[^A-Za-z0-9_]", "_", email.partition("@")[0])[:40].strip("_") or "user"
    stem = stem if stem[0].isalpha() and len(stem) > 1 else f"u{stem}"[:40]
    name, number = stem, 2
    while account_queries.by_name(session, name) or team_queries.by_name(session, name):
        name, number = f"{stem[:36]}{number}", number + 1
    return name
