"""Credit: what a submission was built on, as its team says."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from databoard.domain import rules
from databoard.errors import ForbiddenError, InvalidError, NotFoundError
from databoard.services import credits as services
from databoard.services import likeness
from databoard.services.likeness import Alike
from databoard.store.models import Submission
from databoard.store.queries import credits as queries
from databoard.web import event_pages, guards
from databoard.web.extensions import db
from databoard.web.language import gettext, lazy_gettext
from databoard.web.leaderboards import evidence, sight
from databoard.web.leaderboards.blueprint import bp

#: What the names of the inputs start with, before the hash of the source.
FIELD = "share-"


@dataclass(frozen=True)
class Source:
    """A submission that may be credited."""

    submission: Submission
    share: int
    why: str

    @property
    def field(self) -> str:
        """Name of the input of its share."""
        return f"{FIELD}{self.submission.hash_}"


_WHY = {
    "import": lazy_gettext("imported into your sandbox"),
    "look": lazy_gettext("its code was read"),
}


@bp.get("/credit/<string(length=40):hash_>")
@guards.approved_required
def credit(hash_: str) -> ResponseReturnValue:
    """Ask what a submission was built on."""
    return _page(_own(hash_))


@bp.post("/credit/<string(length=40):hash_>")
@guards.approved_required
def give_credit(hash_: str) -> ResponseReturnValue:
    """Keep what a submission was built on."""
    submission = _own(hash_)
    shares: dict[str, int] = {}
    try:
        shares = _shares(submission)
        services.give(db.session(), submission, shares, now=guards.now(), user=guards.me())
    except InvalidError as error:
        db.session.rollback()
        return Response(_page(submission, shares=shares, error=error), status=error.status)
    db.session.commit()
    flash(gettext("Thank you, the credit is noted."), "success")
    return redirect(url_for("leaderboards.submission", hash_=hash_))


def _own(hash_: str) -> Submission:
    submission, seen = sight.load(hash_)
    if not seen.change:
        raise ForbiddenError(gettext("Only the team of a submission gives its credit."))
    return submission


def _shares(submission: Submission) -> dict[str, int]:
    """Read the shares of the form; a submission may be added by its address."""
    shares = {}
    for field, text in request.form.items():
        if field.startswith(FIELD) and text.strip():
            shares[field.removeprefix(FIELD)] = _number(text)
    added = request.form.get("added", "").strip().rstrip("/").split("/")[-1]
    if added:
        source, seen = sight.load(added)
        if not seen.code or source.event_id != submission.event_id:
            raise NotFoundError(gettext("There is no such submission, or none that you may see."))
        shares[added] = _number(request.form.get("added_share", ""))
    return shares


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isdecimal() and len(text) <= 3 and int(text) <= rules.TOTAL_CREDIT):
        raise InvalidError(gettext("A share is a whole number from 0 to 100."), "credits")
    return int(text)


def _page(
    submission: Submission,
    *,
    shares: dict[str, int] | None = None,
    error: InvalidError | None = None,
) -> str:
    event = submission.event_team.event
    return render_template(
        "leaderboards/credit.html",
        submission=submission,
        sources=_sources(submission, shares or {}),
        total=rules.TOTAL_CREDIT,
        error=error,
        names=event_pages.may_see_all_names(event, guards.standing(event)),
        **event_pages.frame(event),
    )


def _sources(submission: Submission, shares: dict[str, int]) -> list[Source]:
    """List what may be credited: the submission itself, what is credited, what was looked at."""
    session = db.session()
    given = {c.source.hash_: c for c in queries.given(session, submission.id)}
    own = given.get(submission.hash_)
    share = int(own.percent) if own else (0 if given else rules.TOTAL_CREDIT)
    found = {submission.hash_: Source(submission, share, gettext("this submission itself"))}
    for hash_, credit_ in given.items():
        if hash_ != submission.hash_:
            found[hash_] = Source(credit_.source, int(credit_.percent), gettext("credited"))
    for source, kind in queries.traces(session, submission):
        if sight.is_known(source):
            found.setdefault(source.hash_, Source(source, 0, str(_WHY[kind])))
    for source, why, part in _alike(submission):
        known = found.get(source.hash_)
        reason = f"{known.why}; {why}" if known else why
        # Where credit was given, what got none was meant to get none.
        share = part if not given else known.share if known else 0
        found[source.hash_] = Source(source, share, reason)
    if not given:
        rest = sum(one.share for hash_, one in found.items() if hash_ != submission.hash_)
        found[submission.hash_] = Source(
            submission, rules.TOTAL_CREDIT - rest, found[submission.hash_].why
        )
    return [
        Source(source.submission, shares.get(hash_, source.share), source.why)
        for hash_, source in found.items()
    ]


def _alike(submission: Submission) -> list[tuple[Submission, str, int]]:
    """List what the submission is like of what its team may read: why, and a share to begin with.

    The share is that of the code that both have, as far as half is left to the submission itself.
    """
    event, settings = submission.event_team.event, event_pages.installation()
    if submission.state != "scored":
        return []
    alike = likeness.earlier_alike(
        db.session(),
        event,
        submission.hash_,
        event_pages.store(),
        evidence.read(),
        problem_dir=settings.problems_dir / event.problem.name,
    )
    sources = {
        s.hash_: s for s in queries.sources(db.session(), event.id, [a.hash_ for a in alike])
    }
    seen = [one for one in alike if sight.find(sources[one.hash_]).code]
    scale = 1 / max(2.0, 2 * sum(one.code for one in seen))
    return [(sources[one.hash_], _words(one), _part(one, scale)) for one in seen]


def _part(one: Alike, scale: float) -> int:
    is_code = one.code >= likeness.CODE_IS_RELATED
    return int(rules.TOTAL_CREDIT * one.code * scale) if is_code else 0


def _words(one: Alike) -> str:
    if one.code >= likeness.CODE_IS_RELATED:
        return gettext("%(share)s of the code is in both", share=f"{one.code:.0%}")
    return gettext("it makes the same errors")
