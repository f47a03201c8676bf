"""Teams, and their places in events."""

from __future__ import annotations

from typing import Annotated

from databoard.cli.words import EventName, TeamName, UserName, Yes, clock, confirm, found, table
from databoard.domain import rules
from databoard.errors import InvalidError
from databoard.services import accounts, teams
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import teams as queries

TEAMS = "see: fab list_teams"
USERS = "see: fab list_users"
EVENTS = "see: fab list_events"


def add_team(
    settings: Settings,
    name: TeamName,
    members: Annotated[list[str], "names of its users; the first one is its admin"],
) -> str:
    """Found a team of several users; every user has a team of their own already."""
    with open_session(settings.database_url) as session:
        users = [
            found(account_queries.by_name(session, member), "user", member, USERS)
            for member in members
        ]
        if not users:
            raise InvalidError(f"Name the members of {name}: fab add_team:{name},<user>,<user>")
        team = teams.create(session, users[0], name, now=clock())
        for user in users[1:]:
            teams.add_member(session, team, user, now=clock())
        session.commit()
    return f"Founded the team {name} ({', '.join(members)})."


def add_team_member(settings: Settings, team: TeamName, user: UserName) -> str:
    """Take a user into a team."""
    with open_session(settings.database_url) as session:
        row = found(queries.by_name(session, team), "team", team, TEAMS)
        account = found(account_queries.by_name(session, user), "user", user, USERS)
        teams.add_member(session, row, account, now=clock())
        session.commit()
    return f"{user} is in {team}."


def remove_team(settings: Settings, team: TeamName, yes: Yes = False) -> str:
    """Remove a team that takes part in no event."""
    with open_session(settings.database_url) as session:
        row = found(queries.by_name(session, team), "team", team, TEAMS)
        confirm(f"The team {team} with its {len(row.members)} members goes.", yes=yes)
        teams.remove(session, row)
        session.commit()
    return f"Removed the team {team}."


def list_teams(
    settings: Settings, event: Annotated[str, "only the teams of this event"] = ""
) -> str:
    """List the teams with their members."""
    with open_session(settings.database_url) as session:
        if event:
            row = found(event_queries.by_name(session, event), "event", event, EVENTS)
            listed = [place.team for place in queries.in_event(session, row)]
        else:
            listed = queries.everyone(session)
        rows = [
            (team.name, ", ".join(user.name for user in queries.members(session, team.id)))
            for team in listed
        ]
    return table(rows, "There is no team yet.")


def sign_up_team(settings: Settings, event: EventName, team: TeamName) -> str:
    """Sign a team up for an event and let it submit."""
    remark = ""
    with open_session(settings.database_url) as session:
        row = found(event_queries.by_name(session, event), "event", event, EVENTS)
        signed_up = queries.by_name(session, team)
        if signed_up is None and account_queries.by_name(session, team) is None:
            rules.check_user_name(team)
            # The manual signs up kegl on an empty database: the account is made, and sleeps.
            account = accounts.create_user(
                session, team, f"{team}@sleeping.invalid", None, now=clock()
            )
            accounts.update_profile(session, account, wants_mail=False)
            signed_up = queries.by_name(session, team)
            remark = f"; the account {team} is new, wake it with: fab set_password:{team}"
        signed_up = found(signed_up, "team", team, TEAMS)
        teams.sign_up(
            session,
            row,
            signed_up,
            problems_dir=settings.problems_dir,
            now=clock(),
            approved=True,
            checks=False,
        )
        session.commit()
    return f"{team} takes part in {event}{remark}."


def approve_team(settings: Settings, event: EventName, team: TeamName) -> str:
    """Let a team submit that waits for it."""
    with open_session(settings.database_url) as session:
        row = found(event_queries.by_name(session, event), "event", event, EVENTS)
        waiting = found(queries.by_name(session, team), "team", team, TEAMS)
        place = found(
            queries.event_team(session, row.id, waiting.id),
            "sign-up of the team",
            team,
            f"run: fab sign_up_team:{event},{team}",
        )
        teams.approve(session, place, now=clock())
        session.commit()
    return f"{team} may submit to {event}."
