"""Teams, and teams in events."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, ForbiddenError, InvalidError
from databoard.kits import bundling
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import notifications, outbox
from databoard.services.sentences import USED, reasons_of, remark_of, say
from databoard.store.models import (
    Event,
    EventTeam,
    FormerMember,
    SandboxFile,
    Team,
    TeamMember,
    User,
)
from databoard.store.outages import CONFLICTS
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import merging as merging_queries
from databoard.store.queries import teams as queries


def individual(session: Session, user: User, *, now: datetime) -> Team:
    """Give a user the team of one that carries the user's name."""
    team = queries.individual_of(session, user)
    if team is None:
        name, number = user.name, 2
        while queries.by_name(session, name):  # founded while this user signed up
            name, number = f"{user.name[:36]}_{number}", number + 1
        team = _add(session, Team(name=name, admin_id=user.id, is_individual=True, created_at=now))
        add_member(session, team, user, now=now)
    return team


def _add(session: Session, team: Team) -> Team:
    try:
        with session.begin_nested():
            session.add(team)
    except CONFLICTS:  # somebody else took the name since we looked
        raise DuplicateError(
            phrase("The name %(name)s was taken a moment ago.", name=team.name), "name"
        ) from None
    return team


def create(session: Session, user: User, name: str, *, now: datetime) -> Team:
    """Found a team, whose admin is its founder.

    Raises
    ------
    InvalidError, DuplicateError
        With ``field`` = "name".
    """
    name = name.strip()
    rules.check_team_name(name)
    if queries.by_name(session, name) or account_queries.by_name(session, name):
        raise DuplicateError(
            phrase("The name %(name)s is taken; choose another.", name=name), "name"
        )
    team = _add(session, Team(name=name, admin_id=user.id, created_at=now))
    add_member(session, team, user, now=now)
    return team


def add_member(session: Session, team: Team, user: User, *, now: datetime) -> TeamMember:
    """Take a user into a team; again changes nothing.

    Raises
    ------
    InvalidError, DuplicateError
        If an event that the team is in takes no larger teams, or has the user in another one.
    """
    member = session.get(TeamMember, (team.id, user.id))
    if member is None:
        _check_may_grow(session, team, user)
        member = TeamMember(team_id=team.id, user_id=user.id, joined_at=now)
        session.add(member)
        session.flush()
        session.expire(team, ["members"])
    return member


def _check_may_grow(session: Session, team: Team, user: User) -> None:
    n_members = len(queries.members(session, team.id))
    for event in queries.current_events_of(session, team):
        if n_members >= event.max_members_per_team:
            raise InvalidError(
                phrase(
                    "A team in %(event)s has at most %(most)s members.",
                    event=event.title,
                    most=event.max_members_per_team,
                ),
                "team",
            )
        place = queries.event_team_of(session, event, user)
        if place is not None:
            raise DuplicateError(
                phrase(
                    "%(user)s takes part in %(event)s already, in %(team)s.",
                    user=user.name,
                    event=event.title,
                    team=place.team.name,
                ),
                "team",
            )


def remove_member(session: Session, team: Team, user: User, *, now: datetime) -> None:
    """Let a user leave a team; the oldest other member becomes its admin.

    Raises
    ------
    ForbiddenError
        For a team that would be left empty.
    """
    others = [member for member in queries.members(session, team.id) if member.id != user.id]
    if not others:
        raise ForbiddenError(phrase("The last member cannot leave a team."))
    member = session.get(TeamMember, (team.id, user.id))
    if member is not None:
        session.delete(member)
        session.merge(FormerMember(team_id=team.id, user_id=user.id, left_at=now))
    if team.admin_id == user.id:
        team.admin_id = others[0].id
    session.flush()
    session.expire(team, ["members"])
    for place in queries.places(session, team):
        if place.is_approved and place.remark:
            place.remark = _remark_of_now(session, place)
    session.flush()


def remove(session: Session, team: Team) -> None:
    """Remove a team.

    Raises
    ------
    ForbiddenError
        If it takes or took part in an event, or is a user's own.
    """
    events = queries.events_of(session, team)
    if events:
        raise ForbiddenError(
            phrase(
                "%(team)s takes part in %(names)s; it stays.",
                team=team.name,
                names=", ".join(events),
            )
        )
    if team.is_individual:
        raise ForbiddenError(
            phrase("%(team)s is its user's own team; it goes with the user.", team=team.name)
        )
    session.delete(team)
    session.flush()


def _check_may_join(session: Session, event: Event, team: Team, now: datetime) -> None:
    if event.archived_at is not None or (event.closing_at and now >= event.closing_at):
        raise ForbiddenError(
            phrase("%(event)s is over; it takes no more teams.", event=event.title)
        )
    old = queries.event_team(session, event.id, team.id)
    merged = merging_queries.went_on_as(session, old.id) if old is not None else None
    if merged is not None:  # what it submitted is the new team's now, and with it its quotas
        raise ForbiddenError(
            phrase(
                "%(team)s went on as %(merged)s in %(event)s; it does not take part again.",
                team=team.name,
                merged=merged,
                event=event.title,
            )
        )
    members = queries.members(session, team.id)
    if len(members) > event.max_members_per_team:
        raise InvalidError(
            phrase(
                "A team in %(event)s has at most %(most)s members; %(team)s has %(n)s.",
                event=event.title,
                most=event.max_members_per_team,
                team=team.name,
                n=len(members),
            ),
            "team",
        )
    for user in members:
        place = queries.event_team_of(session, event, user)
        if place is not None and place.team_id != team.id:
            raise DuplicateError(
                phrase(
                    "%(user)s takes part already, in %(team)s.",
                    user=user.name,
                    team=place.team.name,
                ),
                "team",
            )
        if not is_listed(event, user):
            raise ForbiddenError(
                phrase(
                    "%(event)s takes only addresses that its organisers listed.", event=event.title
                )
            )


def is_listed(event: Event, user: User) -> bool:
    """Tell whether the organisers' list, if there is one, has a user's address.

    It may name the domain alone, with or without the @.
    """
    allowed = event.allowed_emails.replace(",", " ").lower().split()
    email = user.email.lower()
    domain = email.rpartition("@")[2]
    return not allowed or any(
        word in (email, domain, f"@{domain}") or (word.startswith(".") and domain.endswith(word))
        for word in allowed
    )


def sign_up(
    session: Session,
    event: Event,
    team: Team,
    *,
    problems_dir: Path,
    now: datetime,
    approved: bool | None = None,
    checks: bool = True,
) -> EventTeam:
    """Sign a team up for an event; again changes nothing, or approves what waits.

    Parameters
    ----------
    approved : bool, optional
        Whether it may submit at once; by default as the event decides. A team with a member who
        has used the submissions of another one waits for the organisers in any event.
    checks : bool
        False on an organiser's word: nothing about size, dates or addresses is asked.

    Raises
    ------
    ForbiddenError, InvalidError, DuplicateError
        If the team may not join.
    """
    event_queries.lock(session, event.id)  # two requests for one team make one row
    place = queries.event_team(session, event.id, team.id)
    is_new = place is None
    if place is None or place.left_at is not None:
        if checks:
            _check_may_join(session, event, team, now)
        if place is None:
            place = EventTeam(event_id=event.id, team_id=team.id, signed_up_at=now)
            session.add(place)
        place.left_at, place.signed_up_at = None, now
        session.flush()
    if is_new:
        _fill_sandbox(session, event, place, problems_dir, now)
    if approved is None and place.approved_at is None:
        place.remark = remark_of(_reasons(session, place))
        approved = not (event.is_controlled_signup or place.remark)
    if approved:
        approve(session, place, now=now)
    elif place.approved_at is None:
        _ask_organisers(session, place, now)
    return place


def events_that_ask(session: Session, team: Team, user: User, *, now: datetime) -> list[Event]:
    """List the events whose organisers are asked when a user comes into a team."""
    return [place.event for place in _places_that_ask(session, team, user, now)]


def _places_that_ask(session: Session, team: Team, user: User, now: datetime) -> list[EventTeam]:
    return [
        place
        for place in queries.places(session, team)
        if not _is_over(place, now) and _reasons(session, place, user)
    ]


def _is_over(place: EventTeam, now: datetime) -> bool:
    event, closing = place.event, place.closing_at
    is_closed = closing is not None and now >= closing + timedelta(seconds=event.late_s)
    return is_closed or event.archived_at is not None


def ask_about(session: Session, team: Team, user: User, *, now: datetime) -> list[Event]:
    """Let a team wait where its new member has used the submissions of another one.

    Returns
    -------
    list of Event
        Whose organisers are asked; until they agree, or the member has left, it does not submit.
    """
    places = _places_that_ask(session, team, user, now)
    for place in places:
        reasons = [*reasons_of(place.remark), *_reasons(session, place, user)]
        place.remark = remark_of(dict.fromkeys(reasons))
        _ask_organisers(session, place, now, about=f":{user.id}:{now:%Y%m%d}")
    session.flush()
    return [place.event for place in places]


def _reasons(session: Session, place: EventTeam, user: User | None = None) -> list[str]:
    """Say whose further submissions a team would be; where there are no limits nobody's."""
    if place.event.max_submissions is None and place.event.max_per_day is None:
        return []
    used = queries.used_before(session, place, user)
    return [USED % {"user": name, "team": team} for name, team in used]


def _remark_of_now(session: Session, place: EventTeam) -> str:
    """Say anew why a team waits; of one that is in, only about those it waits for already."""
    reasons = _reasons(session, place)
    if place.is_approved:
        asked = {reason.partition(" ")[0] for reason in reasons_of(place.remark)}
        reasons = [reason for reason in reasons if reason.partition(" ")[0] in asked]
    return remark_of(reasons)


def renew_remarks(session: Session) -> None:
    """Say again why teams wait, after somebody's name has gone."""
    for place in queries.waiting(session):
        if place.remark:
            place.remark = _remark_of_now(session, place)
    session.flush()


def starting_files(folder: Path, filenames: list[str]) -> dict[str, bytes]:
    """Read the starting kit of a problem's folder, without running any of its code."""
    place = bundling.starting_folder(folder)
    paths = [place / filename for filename in filenames] if place else []
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _fill_sandbox(
    session: Session, event: Event, place: EventTeam, problems_dir: Path, now: datetime
) -> None:
    filenames = [element.filename for element in event.problem.workflow.elements]
    files = starting_files(problems_dir / event.problem.name, filenames)
    for filename, content in files.items():
        session.add(
            SandboxFile(event_team_id=place.id, filename=filename, content=content, updated_at=now)
        )
    session.flush()


def _ask_organisers(session: Session, place: EventTeam, now: datetime, about: str = "") -> None:
    event, team = place.event, place.team
    url = f"/admin/events/{event.name}"
    letter = letters.approve_sign_up(event.name, team.name, url, place.remark)
    for email in event_queries.addresses_of_organisers(session, event):
        key = f"sign_up:{event.id}:{team.id}{about}:{email}"
        outbox.write(session, key, email, letter.subject, letter.body, now=now)


def approve(session: Session, place: EventTeam, *, now: datetime) -> None:
    """Let a team submit, and tell its members; again changes nothing."""
    if place.approved_at is not None and not place.remark:
        return
    again = f":{now:%Y%m%d%H%M}" if place.approved_at else ""
    place.approved_at, place.remark = place.approved_at or now, ""
    session.flush()
    event = place.event
    sandbox = f"/events/{event.name}/sandbox"
    for user in queries.members(session, place.team_id):
        text = say("ready", team=place.team.name, event=event.title)
        notifications.notify(session, user, "team", text, now=now, url=sandbox)
        letter = letters.signed_up(user, event.title, sandbox)
        key = f"signed_up:{place.id}:{user.id}{again}"
        notifications.write(session, user, "team", letter, key, now=now)


def leave(session: Session, place: EventTeam, *, now: datetime) -> None:
    """Take a team out of an event; what it submitted stays."""
    place.left_at = now
    place.approved_at, place.remark = None, ""
    session.flush()
