"""The check: a free quick run of what is in the sandbox, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.errors import InvalidError
from databoard.services import jobs as services
from databoard.services import sandbox as sandbox_services
from databoard.store.models import Event, EventTeam, Job
from databoard.store.queries import jobs
from databoard.web import guards, polling
from databoard.web.extensions import db
from databoard.web.language import gettext, lazy_gettext, said
from databoard.web.participants.blueprint import bp
from databoard.web.participants.event import take_part

#: What an answer's steps are called on the page.
STEPS = {
    "train": lazy_gettext("fit"),
    "valid": lazy_gettext("predictions"),
    "test": lazy_gettext("predictions on new rows"),
}


@dataclass(frozen=True)
class Panel:
    """What the page shows of a team's newest check.

    ``state`` is "none", "queued", "running", "passed", "failed", "cancelled" or "refused".
    """

    state: str = "none"
    job: Job | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    n_ahead: int = 0
    has_trainer: bool = True
    #: Whether the sandbox is as it was when the check was asked for.
    is_current: bool = True

    @property
    def is_open(self) -> bool:
        """Whether news are about to come."""
        return self.state in ("queued", "running")

    @property
    def failing(self) -> tuple[str, int] | None:
        """File and line of the error, while they are what is in the editors."""
        name, line = self.answer.get("file"), self.answer.get("line")
        return (name, line) if self.is_current and name and line else None

    @property
    def seconds(self) -> list[tuple[str, float]]:
        """What each step took."""
        found: dict[str, float] = self.answer.get("seconds") or {}
        return [(words, found[step]) for step, words in STEPS.items() if step in found]

    @property
    def rows(self) -> str:
        """How many rows of what it was tried on, in the visitor's language; may be empty."""
        number, _, source = str(self.answer.get("rows") or "").partition(" ")
        return f"{number} {gettext(source)}" if source else ""


def panel(event: Event, place: EventTeam) -> Panel:
    """Tell how the newest check of a team stands."""
    job = jobs.last_check(db.session(), place.id)
    if job is None:
        return Panel()
    rows = sandbox_services.files(db.session(), place)
    answer = services.read_answer(job)
    return Panel(
        _state(job, answer),
        job,
        answer,
        n_ahead=jobs.n_checks_ahead(db.session(), job) if job.state == "due" else 0,
        has_trainer=_has_trainer(),
        is_current=all(row.updated_at <= job.created_at for row in rows),
    )


def _state(job: Job, answer: dict[str, Any]) -> str:
    if answer and job.state == "done":
        return "passed" if answer.get("ok") else "failed"
    return {"due": "queued", "running": "running"}.get(job.state, "cancelled")


def _has_trainer() -> bool:
    return bool(jobs.live_trainers(db.session(), guards.now() - services.TRAINER_IS_LOST))


def refused(error: InvalidError) -> Panel:
    """Tell that code was not even tried, where the error is known before."""
    answer = {
        "message": said(error.message),
        "file": error.field,
        "line": getattr(error, "line", None),
    }
    return Panel("refused", answer=answer)


def shown(event: Event, place: EventTeam, what: Panel | None = None) -> str:
    """Write the panel, which keeps itself current; ``what`` stands in it until there are news."""
    newest = _inside(event, panel(event, place))
    inside = newest if what is None else _inside(event, what)
    return render_template(
        "participants/_check.html",
        event=event,
        inside=Markup(inside),  # noqa: S704 - our own template's text
        version=polling.digest(newest),
    )


def _inside(event: Event, check: Panel) -> str:
    return render_template("participants/_check_state.html", event=event, check=check)


@bp.get("/events/<event>/sandbox/check")
@guards.approved_required
def check_state(event: str) -> ResponseReturnValue:
    """Bring what is shown of the check up to date."""
    loaded, place = take_part(event)
    text = _inside(loaded, panel(loaded, place))
    answer: Response = polling.fresh(polling.digest(text), lambda: text)
    return answer
