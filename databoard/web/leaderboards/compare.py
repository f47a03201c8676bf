"""Two submissions side by side: their code, and their scores fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.errors import NotFoundError
from databoard.services import analysis
from databoard.store.models import EventScoreType, FoldRun, Submission
from databoard.store.queries import submissions as queries
from databoard.web import event_pages, guards
from databoard.web.extensions import db, writes
from databoard.web.language import gettext
from databoard.web.leaderboards import cards, diffs, evidence, sight
from databoard.web.leaderboards.blueprint import bp
from databoard.web.leaderboards.diffs import Line
from databoard.web.leaderboards.files import note_look
from databoard.web.leaderboards.highlight import highlight
from databoard.web.leaderboards.sight import Sight
from databoard.web.leaderboards.sources import text


@dataclass(frozen=True)
class FileDiff:
    """One file in both submissions; a side without it has no lines."""

    filename: str
    left: list[Markup]
    right: list[Markup]
    lines: list[Line]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return diffs.is_same(self.lines)


@dataclass(frozen=True)
class FoldDifference:
    """The official validation score of one fold in both submissions."""

    number: int
    left: float | None
    right: float | None
    left_run: FoldRun | None
    right_run: FoldRun | None


@bp.get("/compare")
@writes
@guards.approved_required
def compare() -> ResponseReturnValue:
    """Compare the submissions ``a`` and ``b`` of one event; without ``a`` with the best own one."""
    right, right_seen = _load(request.args.get("b", ""))
    event = right.event_team.event
    partners = _partners(right)
    if not request.args.get("a"):
        return _with_best(right, partners)
    left, left_seen = _load(request.args["a"])
    if left.event_id != event.id:
        raise NotFoundError(gettext("Only submissions to the same event can be compared."))
    official = cards.kinds(left)[0]
    is_readable = left_seen.code and right_seen.code
    is_spread = left_seen.folds and right_seen.folds
    if is_readable:
        for one, seen in ((left, left_seen), (right, right_seen)):
            note_look(one, seen)
    folds = _folds(left, right, official) if is_spread else []
    both = [(f.right, f.left) for f in folds if f.left is not None and f.right is not None]
    return render_template(
        "leaderboards/compare.html",
        left=left,
        right=right,
        left_seen=left_seen,
        right_seen=right_seen,
        choices=list({one.id: one for one in (left, right, *partners)}.values()),
        files=_files(left, right) if is_readable else None,
        official=official,
        pairs=_pairs(left, left_seen, right, right_seen),
        folds=folds,
        # It tells more than both boards do: how far both err on the same examples.
        by_example=evidence.between(event, right, left) if is_spread and is_readable else None,
        by_fold=evidence.over_folds(event, official, both),
        **event_pages.frame(event),
    )


def _load(hash_: str) -> tuple[Submission, Sight]:
    """Load a submission that the visitor may know of."""
    found, seen = sight.load(hash_)
    full = queries.full(db.session(), found.id)
    if full is None:
        raise guards.no_submission()
    return full, seen


def _partners(found: Submission) -> list[Submission]:
    """List what a submission is likely to be compared with: the visitor's own, and references."""
    place = guards.standing(found.event_team.event).event_team
    own = queries.of_team(db.session(), place.id) if place is not None else []
    references = [
        one for one in queries.references(db.session(), found.event_id) if sight.is_known(one)
    ]
    return [one for one in (*own, *references) if one.id != found.id]


def _with_best(found: Submission, partners: list[Submission]) -> ResponseReturnValue:
    """Compare with the team's best other submission; with a reference if it has none."""
    event = found.event_team.event
    place = guards.standing(event).event_team
    sign = -1 if event.official_score.is_lower_the_better else 1
    scored = [
        (place is not None and one.event_team_id == place.id, sign * score, one.hash_)
        for one in partners
        if (score := analysis.public_score(event, one)) is not None
    ]
    if not scored:
        flash(gettext("There is nothing to compare it with yet: submit something first."), "info")
        return redirect(url_for("leaderboards.submission", hash_=found.hash_))
    best = max(scored)[-1]
    return redirect(url_for("leaderboards.compare", a=best, b=found.hash_))


def _files(left: Submission, right: Submission) -> list[FileDiff]:
    kinds = {file.filename: file.type for one in (left, right) for file in one.files}
    return [_file(left, right, filename) for filename, kind in kinds.items() if kind != "data"]


def _file(left: Submission, right: Submission, filename: str) -> FileDiff:
    before, after = (source_text(one, filename) for one in (left, right))
    return difference(filename, before, after)


def difference(filename: str, before: str, after: str) -> FileDiff:
    """Put two texts of a file side by side, in colour."""
    lines = diffs.side_by_side(_lines(before), _lines(after))
    return FileDiff(filename, highlight(before, filename), highlight(after, filename), lines)


def _lines(source: str) -> list[str]:
    return source.removesuffix("\n").split("\n")


def source_text(submission: Submission, filename: str) -> str:
    """Read a source for a comparison; what a submission lacks is empty."""
    try:
        return text(submission, filename).replace("\r\n", "\n").replace("\r", "\n")
    except NotFoundError:
        return ""


def _pairs(
    left: Submission, left_seen: Sight, right: Submission, right_seen: Sight
) -> list[tuple[EventScoreType, cards.Card | None, cards.Card | None]]:
    """Pair the score cards of both by their score types."""
    lefts = {card.kind.id: card for card in cards.cards(left, left_seen)}
    rights = {card.kind.id: card for card in cards.cards(right, right_seen)}
    return [(kind, lefts.get(kind.id), rights.get(kind.id)) for kind in cards.kinds(left)]


def _folds(left: Submission, right: Submission, official: EventScoreType) -> list[FoldDifference]:
    lefts = {run.number: run for run in left.fold_runs}
    rights = {run.number: run for run in right.fold_runs}
    return [
        FoldDifference(
            number,
            _valid(lefts.get(number), official),
            _valid(rights.get(number), official),
            lefts.get(number),
            rights.get(number),
        )
        for number in sorted(lefts.keys() | rights.keys())
    ]


def _valid(run: FoldRun | None, official: EventScoreType) -> float | None:
    scores = run.scores if run is not None else []
    return next((s.valid for s in scores if s.event_score_type_id == official.id), None)
