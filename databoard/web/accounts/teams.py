"""Teams in the browser: found one, invite, answer, leave."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from databoard.errors import ForbiddenError, NotFoundError
from databoard.services import invitations
from databoard.services import merging as merging_services
from databoard.services import teams as services
from databoard.store.models import EventTeam, Team
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import invitations as invitation_queries
from databoard.store.queries import merging as merging_queries
from databoard.store.queries import teams as queries
from databoard.web import guards
from databoard.web.accounts import links
from databoard.web.accounts.blueprint import bp
from databoard.web.accounts.forms import InviteForm, TeamForm
from databoard.web.extensions import db
from databoard.web.forms import refusals_in, status_of, typed
from databoard.web.language import gettext

Page = str | Response | tuple[str, int]
#: Where the session keeps the path of a new link until it was shown, once.
NEW = "new_invitation"


@bp.route("/teams", methods=["GET", "POST"])
@guards.approved_required
def teams() -> Page:
    """List the own teams and invitations, and found new teams."""
    user, now = guards.me(), guards.now()
    form = TeamForm()
    if form.validate_on_submit():
        with refusals_in(form):
            team = services.create(db.session(), user, typed(form.name), now=now)
            db.session.commit()
            flash(gettext("Your team is there. Invite others to it."), "success")
            return redirect(url_for(".team", team=team.name))
    invited = invitation_queries.of_user(db.session(), user.id, now)
    page = render_template(
        "accounts/teams.html",
        form=form,
        teams=queries.of_user_with_members(db.session(), user),
        invitations=invited,
        asking={
            one.id: services.events_that_ask(db.session(), one.team, user, now=now)
            for one in invited
        },
    )
    return page, status_of(form)


@bp.get("/teams/<team>")
@guards.approved_required
def team(team: str) -> Page:
    """Show a team to its members."""
    return _page(_own(team), InviteForm())


def _own(name: str) -> Team:
    """Load a team that the visitor is in.

    Raises
    ------
    NotFoundError
    """
    team = queries.by_name(db.session(), name)
    if team is None or not queries.is_member(db.session(), team.id, guards.me().id):
        raise NotFoundError(gettext("There is no team of this name, or you are not in it."))
    return team


def managed(name: str) -> Team:
    """Load a team that the visitor founded.

    Raises
    ------
    NotFoundError, ForbiddenError
    """
    team = _own(name)
    if team.admin_id != guards.me().id:
        raise ForbiddenError(
            gettext("Only the founder of %(team)s chooses who is in it.", team=team.name)
        )
    return team


def _page(team: Team, form: InviteForm) -> Page:
    may_manage = team.admin_id == guards.me().id
    path = session.get(NEW, "")
    if request.method == "GET":
        session.pop(NEW, None)
    to_merge = places_to_merge(team)
    page = render_template(
        "accounts/team.html",
        team=team,
        form=form,
        members=queries.members(db.session(), team.id),
        events=queries.current_events_of(db.session(), team),
        may_manage=may_manage,
        may_merge=may_manage and bool(to_merge),
        merges=merging_queries.open_of(db.session(), [place.id for place in to_merge]),
        invitations=(
            invitation_queries.of_team(db.session(), team.id, guards.now()) if may_manage else []
        ),
        link=links.public_address(path) if path else "",
    )
    return page, status_of(form)


def places_to_merge(team: Team) -> list[EventTeam]:
    """List where the team could go on with another one."""
    return [
        place
        for place in queries.places(db.session(), team)
        if place.is_approved and merging_services.may_merge(place.event, guards.now())
    ]


# ---- inviting ------------------------------------------------------------------------------------


@bp.post("/teams/<team>/invite")
@guards.approved_required
def invite(team: str) -> Page:
    """Invite a user by name."""
    found = managed(team)
    form = InviteForm()
    if form.validate_on_submit():
        with refusals_in(form):
            invitations.invite(db.session(), found, guards.me(), typed(form.name), now=guards.now())
            db.session.commit()
            flash(gettext("%(name)s is invited.", name=typed(form.name)), "success")
            return redirect(url_for(".team", team=found.name))
        found = managed(team)  # a refusal has undone what was loaded
    return _page(found, form)


@bp.post("/teams/<team>/link")
@guards.approved_required
def invite_by_link(team: str) -> Response:
    """Make a link that takes one person into the team."""
    found = managed(team)
    _, secret = invitations.make_link(db.session(), found, guards.me(), now=guards.now())
    db.session.commit()
    session[NEW] = url_for(".invitation", token=secret)
    return redirect(url_for(".team", team=found.name))


@bp.post("/teams/<team>/invitations/<int:key>/take_back")
@guards.approved_required
def take_back(team: str, key: int) -> Response:
    """Take an invitation back."""
    found = managed(team)
    invitations.take_back(db.session(), found, guards.me(), key, now=guards.now())
    db.session.commit()
    flash(gettext("The invitation is taken back."), "success")
    return redirect(url_for(".team", team=found.name))


# ---- answering -----------------------------------------------------------------------------------


@bp.get("/invitations/<int:key>")
@guards.approved_required
def invitation_of_key(key: int) -> Response:
    """Lead to the list of one's invitations; above the address of an answer to one of them."""
    return redirect(url_for(".teams"))


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guards.approved_required
def invitation(token: str) -> Page:
    """Ask who has a link whether to join, and take them in."""
    found = invitations.of_link(db.session(), token, now=guards.now())
    if request.method == "GET":
        is_member = queries.is_member(db.session(), found.team_id, guards.me().id)
        if is_member:
            return redirect(url_for(".team", team=found.team.name))
        asking = services.events_that_ask(db.session(), found.team, guards.me(), now=guards.now())
        return render_template(
            "accounts/invitation.html", invitation=found, token=token, asking=asking
        )
    return _joined(invitations.accept(db.session(), found, guards.me(), now=guards.now()))


def _joined(team: Team) -> Response:
    db.session.commit()
    flash(gettext("Welcome to %(team)s.", team=team.name), "success")
    return redirect(url_for(".team", team=team.name))


@bp.post("/invitations/<int:key>/accept")
@guards.approved_required
def accept_invitation(key: int) -> Response:
    """Accept an invitation by name."""
    user, now = guards.me(), guards.now()
    found = invitations.of_user(db.session(), user, key, now=now)
    return _joined(invitations.accept(db.session(), found, user, now=now))


@bp.post("/invitations/<int:key>/decline")
@guards.approved_required
def decline_invitation(key: int) -> Response:
    """Decline an invitation by name."""
    now = guards.now()
    found = invitations.of_user(db.session(), guards.me(), key, now=now)
    invitations.decline(db.session(), found, now=now)
    db.session.commit()
    flash(gettext("You have declined to join %(team)s.", team=found.team.name), "info")
    return redirect(url_for(".teams"))


# ---- leaving -------------------------------------------------------------------------------------


@bp.post("/teams/<team>/leave")
@guards.approved_required
def leave_team(team: str) -> Response:
    """Leave a team; the last member takes it along."""
    found, user = _own(team), guards.me()
    name = found.name
    if [member.id for member in queries.members(db.session(), found.id)] == [user.id]:
        services.remove(db.session(), found)
    else:
        services.remove_member(db.session(), found, user, now=guards.now())
    db.session.commit()
    flash(gettext("You have left %(team)s.", team=name), "success")
    return redirect(url_for(".teams"))


@bp.post("/teams/<team>/members/<user>/remove")
@guards.approved_required
def remove_member(team: str, user: str) -> Response:
    """Take a member out of a team that one founded."""
    found = managed(team)
    member = account_queries.by_name(db.session(), user)
    if member is None or not queries.is_member(db.session(), found.id, member.id):
        raise NotFoundError(
            gettext("There is no member of this name in %(team)s.", team=found.name)
        )
    services.remove_member(db.session(), found, member, now=guards.now())
    db.session.commit()
    flash(
        gettext("%(name)s is no longer in %(team)s.", name=member.name, team=found.name), "success"
    )
    return redirect(url_for(".team", team=found.name))
