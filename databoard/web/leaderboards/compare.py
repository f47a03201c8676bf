"""Two submissions side by side: their code, and their scores fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from databoard.errors import NotFoundError
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

    @property
    def difference(self) -> float | None:
        """Right minus left."""
        if self.left is None or self.right is None:
            return None
        return self.right - self.left


@bp.get("/compare")
@writes
@guards.approved_required
def compare() -> ResponseReturnValue:
    """Compare the submissions ``a`` and ``b`` of one event."""
    left, left_seen = _load(request.args.get("a", ""))
    right, right_seen = _load(request.args.get("b", ""))
    event = left.event_team.event
    if right.event_id != event.id:
        raise NotFoundError(gettext("Only submissions to the same event can be compared."))
    for one, seen in ((left, left_seen), (right, right_seen)):
        note_look(one, seen)
    official = cards.kinds(left)[0]
    is_shown = left_seen.folds and right_seen.folds
    folds = _folds(left, right, official) if is_shown else []
    both = [(f.right, f.left) for f in folds if f.left is not None and f.right is not None]
    return render_template(
        "leaderboards/compare.html",
        left=left,
        right=right,
        left_seen=left_seen,
        right_seen=right_seen,
        files=_files(left, right),
        official=official,
        pairs=_pairs(left, left_seen, right, right_seen),
        folds=folds,
        by_example=evidence.between(event, right, left) if is_shown else None,
        by_fold=evidence.over_folds(event, official, both),
        **event_pages.frame(event),
    )


def _load(hash_: str) -> tuple[Submission, Sight]:
    """Load a submission whose code may be read: a comparison shows it."""
    found, seen = sight.load(hash_)
    full = queries.full(db.session(), found.id) if seen.code else None
    if full is None:
        raise NotFoundError(gettext("There is no such submission, or none whose code you may see."))
    return full, seen


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
