"""Two teams go on in an event as one, under a new name, with all that they have used and made.

Only the event changes: both teams stay what they are elsewhere. What both submitted counts from
then on as the new team's, so its quotas are used up by what both used.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, ForbiddenError, InvalidError, NotFoundError
from databoard.mail import letters
from databoard.phrases import phrase
from databoard.services import events, notifications, teams
from databoard.services.sentences import say
from databoard.store.models import Event, EventTeam, Team, TeamMember, TeamMerge, User
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import merging as queries
from databoard.store.queries import submissions as submission_queries
from databoard.store.queries import teams as team_queries


def check_may_merge(event: Event, now: datetime) -> None:
    """Refuse where the event's organisers do not let teams merge, or no longer.

    Raises
    ------
    ForbiddenError
    """
    if not may_merge(event, now):
        raise ForbiddenError(
            phrase("Teams do not merge in %(event)s, or no longer.", event=event.title)
        )


def may_merge(event: Event, now: datetime) -> bool:
    """Tell whether the event's organisers let teams merge now."""
    end = event.merging_ends_at or event.closing_at
    is_over = event.archived_at is not None or (end is not None and now >= end)
    return event.can_merge_teams and not is_over


def _check_fit(session: Session, first: EventTeam, second: EventTeam, name: str) -> None:
    event = first.event
    if first.id == second.id or first.event_id != second.event_id:
        raise InvalidError(phrase("Choose another team of the same event."), "team")
    for place in (first, second):
        if not place.is_approved or place.disqualified_at is not None:
            raise InvalidError(
                phrase(
                    "%(team)s does not take part in %(event)s.",
                    team=place.team.name,
                    event=event.title,
                ),
                "team",
            )
        if place.remark:
            raise InvalidError(
                phrase("%(team)s waits for the organisers' approval.", team=place.team.name), "team"
            )
    rules.check_team_name(name)
    if team_queries.by_name(session, name) or account_queries.by_name(session, name):
        raise DuplicateError(
            phrase("The name %(name)s is taken; choose another.", name=name), "name"
        )
    n_members = len(_members(session, first, second))
    if n_members > event.max_members_per_team:
        raise InvalidError(
            phrase(
                "A team in %(event)s has at most %(most)s members; together you are %(n)s.",
                event=event.title,
                most=event.max_members_per_team,
                n=n_members,
            ),
            "team",
        )
    used = sum(len(submission_queries.counted_times(session, one.id)) for one in (first, second))
    if event.max_submissions is not None and used > event.max_submissions:
        raise InvalidError(
            phrase(
                "Together you have made %(used)s submissions, more than the %(most)s that a "
                "team has.",
                used=used,
                most=event.max_submissions,
            ),
            "team",
        )


def _members(session: Session, *places: EventTeam) -> list[User]:
    found = [user for place in places for user in team_queries.members(session, place.team_id)]
    return list(dict.fromkeys(found))


def propose(
    session: Session, asking: EventTeam, other: str, name: str, by: User, *, now: datetime
) -> TeamMerge:
    """Propose to another team of the event to go on as one.

    Raises
    ------
    ForbiddenError, InvalidError, DuplicateError
        With the ``field`` that must change.
    """
    event, name = asking.event, name.strip()
    check_may_merge(event, now)
    if asking.team.admin_id != by.id:
        raise ForbiddenError(
            phrase("Only the founder of %(team)s proposes this.", team=asking.team.name)
        )
    team = team_queries.by_name(session, other)
    asked = team_queries.event_team(session, event.id, team.id) if team else None
    if asked is None or not asked.is_approved:
        raise InvalidError(phrase("No team of this name takes part in the event."), "team")
    _check_fit(session, asking, asked, name)
    if any(merge.asking_id == asking.id for merge in queries.open_of(session, [asking.id])):
        raise DuplicateError(
            phrase("You have proposed this to a team already; take that back first.")
        )
    merge = TeamMerge(
        event_id=event.id,
        asking_id=asking.id,
        asked_id=asked.id,
        name=name,
        proposed_at=now,
        proposed_by_id=by.id,
    )
    session.add(merge)
    session.flush()
    captain = asked.team.admin
    if captain is not None:
        url = f"/teams/{asked.team.name}/merge"
        text = say("proposed", team=asking.team.name, name=name, event=event.title)
        notifications.notify(session, captain, "invitation", text, now=now, url=url)
        letter = letters.proposed_merge(
            captain, asking.team.name, asked.team.name, name, event.title, url
        )
        key = f"merge:{merge.id}"
        notifications.write(session, captain, "invitation", letter, key, now=now)
    return merge


def find(session: Session, key: int, by: User) -> TeamMerge:
    """Find an open proposal that a user leads one of the two teams of, to answer it.

    Raises
    ------
    NotFoundError
    """
    known = session.get(TeamMerge, key)
    if known is not None:
        event_queries.lock(session, known.event_id)  # first, as wherever teams merge
    merge = queries.by_key(session, key)
    if merge is None or by.id not in (merge.asking.team.admin_id, merge.asked.team.admin_id):
        raise NotFoundError(phrase("This proposal is no longer open."))
    return merge


def decline(session: Session, merge: TeamMerge, *, now: datetime) -> None:
    """Say no to a proposal, or take it back."""
    merge.answered_at = now
    session.flush()


def accept(session: Session, merge: TeamMerge, by: User, *, now: datetime) -> EventTeam:
    """Say yes for the team that was asked; all is checked again.

    Raises
    ------
    ForbiddenError, InvalidError, DuplicateError
    """
    check_may_merge(merge.event, now)
    if merge.asked.team.admin_id != by.id:
        raise ForbiddenError(
            phrase("Only the founder of %(team)s accepts this.", team=merge.asked.team.name)
        )
    return merge_places(session, merge.asking, merge.asked, merge.name, now=now, merge=merge)


def merge_places(
    session: Session,
    first: EventTeam,
    second: EventTeam,
    name: str,
    *,
    now: datetime,
    merge: TeamMerge | None = None,
) -> EventTeam:
    """Make one place of two; the draft is the first's.

    Parameters
    ----------
    merge : TeamMerge, optional
        What both agreed on; without it, an organiser's word is written down.

    Raises
    ------
    InvalidError, DuplicateError
        With the ``field`` that must change.
    """
    event, name = first.event, name.strip()
    event_queries.lock(session, event.id)
    for old in sorted((first, second), key=lambda place: place.id):
        team_queries.lock(session, old)
        session.refresh(old)
    _check_fit(session, first, second, name)
    members = _members(session, first, second)
    team = teams.create(session, first.team.admin or members[0], name, now=now)
    for user in members:
        if session.get(TeamMember, (team.id, user.id)) is None:
            session.add(TeamMember(team_id=team.id, user_id=user.id, joined_at=now))
    team_queries.inherit_former_members(session, team, (first.team_id, second.team_id))
    place = _place(session, team, first, second, now)
    for old in (first, second):
        _move(session, old, place)
        teams.leave(session, old, now=now)
    for proposal in queries.open_of(session, (first.id, second.id)):
        proposal.answered_at = now
    if merge is None:
        merge = TeamMerge(
            event_id=event.id, asking_id=first.id, asked_id=second.id, name=name, proposed_at=now
        )
        session.add(merge)
    merge.answered_at, merge.is_accepted = now, True
    names = {"first": first.team.name, "second": second.team.name, "team": name}
    text = say("merged", **names, event=event.title)
    for user in members:
        url = f"/events/{event.name}/my_submissions"
        key = f"merged:{place.id}:{user.id}"
        notifications.tell(session, user, "team", text, now=now, url=url, key=key)
    events.touch(session, event.id, analyse=True)
    session.flush()
    session.expire_all()
    return place


def _place(
    session: Session, team: Team, first: EventTeam, second: EventTeam, now: datetime
) -> EventTeam:
    # What single teams were given besides lasts where both were given it.
    closings = [one.extra_closing_at for one in (first, second) if one.extra_closing_at]
    further = [one.extra_per_day for one in (first, second) if one.extra_per_day]
    place = EventTeam(
        event_id=first.event_id,
        team_id=team.id,
        signed_up_at=min(first.signed_up_at, second.signed_up_at),
        approved_at=now,
        extra_closing_at=min(closings) if len(closings) == 2 else None,
        extra_per_day=min(further) if len(further) == 2 else None,
        section=first.section if first.section == second.section else "",
        log_bytes_shown=first.log_bytes_shown + second.log_bytes_shown,
    )
    session.add(place)
    session.flush()
    queries.move(session, first, place, with_sandbox=True)
    queries.move(session, second, place, with_sandbox=False)
    return place


def _move(session: Session, old: EventTeam, new: EventTeam) -> None:
    """Give what one team submitted to the new one, under another name where both used it."""
    taken = queries.names(session, new.id)
    for submission in queries.submissions(session, old.id):
        if submission.withdrawn_at is None:
            submission.name = _free(submission.name, old.team.name, taken)
            taken.add(submission.name)
        submission.event_team_id, submission.key = new.id, queries.new_key()
        submission.is_final = False  # the new team chooses anew
    session.flush()


def _free(name: str, team: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        suffix = f"_{team}" if number == 1 else f"_{number}"
        found, number = name[: rules.MAX_NAME - len(suffix)] + suffix, number + 1
    return found
