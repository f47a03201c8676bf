"""What comes into the sandbox from submissions, and how it differs from them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import access
from databoard.errors import NotFoundError
from databoard.services import sandbox as services
from databoard.services.leaderboards import Row
from databoard.store.models import Event, EventTeam, Submission
from databoard.store.queries import submissions
from databoard.web import event_pages, guards
from databoard.web.event_pages import installation
from databoard.web.extensions import db, writes
from databoard.web.language import gettext as _
from databoard.web.leaderboards import compare, listing, sight
from databoard.web.leaderboards.files import note_look
from databoard.web.leaderboards.listing import Choice, Right
from databoard.web.leaderboards.sight import Sight
from databoard.web.participants.blueprint import bp
from databoard.web.participants.event import take_part
from databoard.web.participants.uploads import as_text

#: So many of other teams' submissions are offered by name; any other by its address.
N_OFFERED = 30


def offered(event: Event, place: EventTeam) -> list[tuple[str, str]]:
    """List what of other teams may be imported, the best of each team: hash and words."""
    seen = guards.standing(event)
    if not _may_read_others(event):
        return []
    right = Right(names=event_pages.may_see_all_names(event, seen), organiser=False, spreads=False)
    rows = listing.get(event, "competition", right, Choice(), now=guards.now()).rows
    official = event.official_score.name
    return [
        (row.hash_, _words(row, official, names=right.names))
        for row in rows
        if row.team_id != place.team_id
    ][:N_OFFERED]


def _words(row: Row, official: str, *, names: bool) -> str:
    name = (
        _("%(name)s of %(team)s", name=row.submission, team=row.team) if names else row.submission
    )
    return f"{name} ({official} {row.shown.get(official, '–')})"


def _may_read_others(event: Event) -> bool:
    return access.may_see_code(
        access.Role.USER,
        now=guards.now(),
        public_opening=event.public_opening_at,
        closing=event.closing_at,
        participates=guards.standing(event).participates,
    )


@bp.post("/events/<event>/sandbox/import")
@guards.approved_required
def import_submission(event: str) -> ResponseReturnValue:
    """Put the files of a submission that one may read into the sandbox."""
    loaded, place = take_part(event)
    # An address of a page ends with the public name of its submission.
    address = request.form.get("address", "").strip().rstrip("/").split("/")[-1]
    submission, _seen = readable(address or request.form.get("hash", ""), loaded)
    services.import_submission(
        db.session(),
        place,
        submission,
        submissions_dir=installation().submissions_dir,
        user=guards.me(),
        now=guards.now(),
    )
    db.session.commit()
    flash(_("%(name)s is in your sandbox now.", name=submission.name), "success")
    return redirect(url_for("participants.sandbox", event=loaded.name))


def readable(hash_: str, event: Event) -> tuple[Submission, Sight]:
    """Load a submission to an event whose code the visitor may read.

    Raises
    ------
    NotFoundError
    """
    submission, seen = sight.load(hash_)
    if submission.event_id != event.id or not seen.code:
        raise guards.no_submission()
    return submission, seen


@bp.get("/events/<event>/sandbox/differences")
@writes
@guards.approved_required
def differences(event: str) -> ResponseReturnValue:
    """Show how the sandbox differs from a submission: the team's last one if none is named."""
    loaded, place = take_part(event)
    earlier = submissions.of_team(db.session(), place.id)
    if "from" in request.args:
        base, seen = readable(request.args["from"], loaded)
        note_look(base, seen)
    elif earlier:
        base = earlier[0]
    else:
        raise NotFoundError(_("Your team has not submitted anything yet."))
    rows = services.files(db.session(), place)
    kinds = {file.filename: file.type for file in base.files}
    return render_template(
        "participants/differences.html",
        base=base,
        earlier=earlier,
        files=[
            compare.difference(
                row.filename, compare.source_text(base, row.filename), as_text(row.content)
            )
            for row in rows
            if kinds.get(row.filename) != "data"
        ],
        **event_pages.frame(loaded),
    )
