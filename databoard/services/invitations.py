"""Invitations to teams: to one user by name, or to whoever has the link."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from databoard.errors import DuplicateError, ForbiddenError, InvalidError, NotFoundError
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import notifications, teams
from databoard.services.accounts import digest
from databoard.services.sentences import say
from databoard.store.models import Event, Team, TeamInvitation, User
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import invitations as queries
from databoard.store.queries import teams as team_queries

GOOD_FOR = timedelta(days=7)
MAX_OPEN = 20

_NONE = phrase("This invitation is no longer open. Ask the team for a new one.")


def _check_may_invite(session: Session, team: Team, by: User, now: datetime) -> None:
    if team.admin_id != by.id:
        raise ForbiddenError(phrase("Only the founder of %(team)s invites to it.", team=team.name))
    if team.is_individual:
        raise ForbiddenError(
            phrase("Your own team stays yours alone; found another one to invite to.")
        )
    if len(queries.of_team(session, team.id, now)) >= MAX_OPEN:
        raise InvalidError(
            phrase("%(n)s invitations are open; take one back first.", n=MAX_OPEN), "name"
        )


def invite(session: Session, team: Team, by: User, name: str, *, now: datetime) -> TeamInvitation:
    """Invite a user by name; again changes nothing.

    Raises
    ------
    ForbiddenError
        If it is not the caller's to invite.
    InvalidError, DuplicateError
        With ``field`` = "name": nobody of this name, or a member already.
    """
    _check_may_invite(session, team, by, now)
    user = account_queries.by_name(session, name.strip())
    if user is None or not user.is_active or user.access_level not in ("user", "admin"):
        raise InvalidError(phrase("There is no user of this name."), "name")
    if team_queries.is_member(session, team.id, user.id):
        raise DuplicateError(
            phrase("%(user)s is in %(team)s already.", user=user.name, team=team.name), "name"
        )
    for known in queries.of_user(session, user.id, now):
        if known.team_id == team.id:
            return known
    invitation = TeamInvitation(
        team_id=team.id, user_id=user.id, by_id=by.id, created_at=now, expires_at=now + GOOD_FOR
    )
    session.add(invitation)
    session.flush()
    text = say("invited", user=by.name, team=team.name)
    notifications.notify(session, user, "invitation", text, now=now, url="/teams")
    letter = letters.invited(user, by.name, team.name, "/teams")
    key = f"invited:{invitation.id}"
    notifications.write(session, user, "invitation", letter, key, now=now)
    return invitation


def make_link(
    session: Session, team: Team, by: User, *, now: datetime
) -> tuple[TeamInvitation, str]:
    """Make an invitation for whoever comes first; return it and the secret of its link.

    The secret is kept nowhere.

    Raises
    ------
    ForbiddenError, InvalidError
    """
    _check_may_invite(session, team, by, now)
    secret = secrets.token_urlsafe(24)
    invitation = TeamInvitation(
        team_id=team.id,
        by_id=by.id,
        token_hash=digest(secret),
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    session.add(invitation)
    session.flush()
    return invitation, secret


def of_link(session: Session, secret: str, *, now: datetime) -> TeamInvitation:
    """Find the invitation of a link.

    Raises
    ------
    NotFoundError
        If the link was never made, was used, taken back, or ran out: the answer is the same.
    """
    invitation = queries.by_token_hash(session, digest(secret), now)
    if invitation is None:
        raise NotFoundError(_NONE)
    return invitation


def of_user(session: Session, user: User, key: int, *, now: datetime) -> TeamInvitation:
    """Find a user's own invitation.

    Raises
    ------
    NotFoundError
    """
    invitation = queries.by_key(session, key, now)
    if invitation is None or invitation.user_id != user.id:
        raise NotFoundError(_NONE)
    return invitation


def accept(session: Session, invitation: TeamInvitation, user: User, *, now: datetime) -> Team:
    """Take a user into the team that invites; an invitation works once.

    Where the user has submitted with another team, this one then waits for the organisers.

    Raises
    ------
    NotFoundError
        If another answered it meanwhile.
    InvalidError, DuplicateError
        If an event of the team takes no larger teams, or has the user in another one.
    ForbiddenError
        If the organisers of such an event choose who takes part.
    """
    team = invitation.team
    queries.lock_team(session, team.id)
    for event in team_queries.current_events_of(session, team):
        event_queries.lock(session, event.id)  # the user may be joining it elsewhere
        _check_may_come_along(event, team, user)
    session.refresh(invitation, ["accepted_at", "declined_at"])
    if invitation.accepted_at is not None or invitation.declined_at is not None:
        raise NotFoundError(_NONE)
    if team_queries.is_member(session, team.id, user.id):
        return team
    teams.add_member(session, team, user, now=now)
    invitation.user_id, invitation.accepted_at = user.id, now
    session.flush()
    asked = teams.ask_about(session, team, user, now=now)
    if team.admin is not None:
        text = say("joined", user=user.name, team=team.name)
        if asked:
            titles = ", ".join(event.title for event in asked)
            text = say("joined_and_waits", **text.values, events=titles)
        url = f"/teams/{team.name}"
        notifications.notify(session, team.admin, "team", text, now=now, url=url)
    return team


def _check_may_come_along(event: Event, team: Team, user: User) -> None:
    """Check that nobody gets by a team into an event that they could not join themselves."""
    if event.is_controlled_signup or not event.is_public or not teams.is_listed(event, user):
        raise ForbiddenError(
            phrase(
                "%(team)s takes part in %(event)s, whose organisers choose who does; ask them "
                "to add you.",
                team=team.name,
                event=event.title,
            )
        )


def decline(session: Session, invitation: TeamInvitation, *, now: datetime) -> None:
    """Say no to an invitation, or take it back."""
    invitation.declined_at = now
    session.flush()


def take_back(session: Session, team: Team, by: User, key: int, *, now: datetime) -> None:
    """Take an open invitation back.

    Raises
    ------
    ForbiddenError, NotFoundError
    """
    if team.admin_id != by.id:
        raise ForbiddenError(phrase("Only the founder of %(team)s invites to it.", team=team.name))
    invitation = queries.by_key(session, key, now)
    if invitation is None or invitation.team_id != team.id:
        raise NotFoundError(phrase("This invitation is no longer open."))
    decline(session, invitation, now=now)
