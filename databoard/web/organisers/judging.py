"""How an event is judged: what ranks, what counts in the end, and who takes no rank."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import (  # type: ignore[attr-defined] # SelectChoice came with 3.3
    BooleanField,
    IntegerField,
    SelectChoice,
    SelectField,
)
from wtforms.validators import InputRequired, NumberRange

from databoard.errors import NotFoundError
from databoard.services import events as services
from databoard.services import marks
from databoard.store.models import Event
from databoard.store.queries import teams
from databoard.web import guards
from databoard.web.extensions import db
from databoard.web.forms import Form, refusals_in, status_of
from databoard.web.language import gettext as _
from databoard.web.language import lazy_gettext
from databoard.web.organisers.blueprint import bp
from databoard.web.organisers.forms import UTCField
from databoard.web.organisers.sight import note

FIELDS = ("ranking", "has_ladder", "n_final", "freeze_at")


class JudgingForm(Form):
    """What ranks, and what counts in the end."""

    official_score = SelectField(lazy_gettext("Official score"))
    ranking = SelectField(
        lazy_gettext("What ranks"),
        choices=[
            SelectChoice("bagged", lazy_gettext("The score of the bagged predictions")),
            SelectChoice("mean", lazy_gettext("The mean of the scores of the folds")),
        ],
    )
    has_ladder = BooleanField(
        lazy_gettext(
            "Ladder: the public score moves only by improvements that chance does not explain"
        )
    )
    n_final = IntegerField(
        lazy_gettext("Submissions of a team that count in the end"),
        [
            InputRequired(lazy_gettext("Please enter a number.")),
            NumberRange(1, 100, lazy_gettext("Enter 1 to 100.")),
        ],
    )
    freeze_at = UTCField(
        lazy_gettext("Freeze the boards (UTC)"),
        description=lazy_gettext(
            "From then to the closing, participants see them as they were. Empty: never."
        ),
    )


@bp.route("/admin/events/<event>/judging", methods=["GET", "POST"])
@guards.login_required
def judging(event: str) -> tuple[str, int] | Response:
    """Change how an event is judged."""
    found, session = guards.load_administered(event), db.session()
    form = JudgingForm(obj=found)
    form.official_score.choices = [SelectChoice(s.name) for s in found.score_types]
    if request.method == "GET":
        form.official_score.data = found.official_score.name
    elif form.validate_on_submit():
        with refusals_in(form):
            before = _judged(found)
            services.update(session, found, **{name: form[name].data for name in FIELDS})
            services.choose_official(session, found, form.official_score.data)
            changed = {
                name: f"{before[name]} → {value}"
                for name, value in _judged(found).items()
                if value != before[name]
            }
            note("judging", found.name, event_id=found.id, **changed)
            db.session.commit()
            flash(_("Saved; the boards follow in a moment."), "success")
            return redirect(url_for(".judging", event=found.name))
    page = render_template(
        "organisers/judging.html",
        event=found,
        form=form,
        fields=("official_score", *FIELDS),
        places=[place for place in teams.in_event(session, found) if place.is_approved],
    )
    return page, status_of(form)


def _judged(event: Event) -> dict[str, object]:
    return {"official_score": event.official_score.name} | {f: getattr(event, f) for f in FIELDS}


@bp.post("/admin/events/<event>/teams/<int:key>/mark")
@guards.login_required
def mark_team(event: str, key: int) -> Response:
    """Put a team into a section, or take its rank away with a reason."""
    found = guards.load_administered(event)
    place = teams.event_team_by_id(db.session(), found.id, key)
    if place is None:
        raise NotFoundError(_("There is no such team in this event."))
    marks.mark_team(
        db.session(),
        place,
        by=guards.me(),
        now=guards.now(),
        section=request.form.get("section"),
        disqualification=request.form.get("disqualification"),
    )
    db.session.commit()
    flash(_("Saved for %(team)s.", team=place.team.name), "success")
    return redirect(url_for(".judging", event=found.name))


@bp.post("/admin/submissions/<hash_>/mark")
@guards.login_required
def mark_submission(hash_: str) -> Response:
    """Make a submission a baseline or the reference, or take its rank away with a reason."""
    submission = guards.load_submission(hash_)[0]
    guards.load_administered(submission.event_team.event.name)
    marks.mark_submission(
        db.session(),
        submission,
        by=guards.me(),
        now=guards.now(),
        is_baseline="is_baseline" in request.form,
        is_starred="is_starred" in request.form,
        disqualification=request.form.get("disqualification", ""),
    )
    db.session.commit()
    flash(_("Saved; the boards follow in a moment."), "success")
    return redirect(url_for("leaderboards.submission", hash_=hash_))
