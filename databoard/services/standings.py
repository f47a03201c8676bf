"""Where submissions may truly stand: intervals, bands, chances and differences of a board.

They follow from scores and stored influences alone. The comparisons of a board's pairs are
remembered, so that one more submission is compared with all and not all with all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from databoard.domain import competition, standings
from databoard.domain.contests import Contest, multiplied
from databoard.domain.leaderboard import Entry
from databoard.domain.statistics import (
    Comparison,
    Evidence,
    compare,
    covariances,
    evidence_of_examples,
)
from databoard.store.influences import Read, kind_of
from databoard.store.models import Event
from databoard.store.queries.analysis import Candidate, Place

FloatArray = NDArray[np.float64]

#: Key and run of a submission.
_Key = tuple[int, int]
#: A submission, its score and its influence.
_Known = tuple[Candidate, float, FloatArray]

#: Of a longer board, the best so many are analysed.
MAX_RANKED = 300
#: Errors so many times those of the median are not compared.
MAX_WILD = 1e6
#: Boards whose comparisons are remembered: some 5 MB each.
MAX_REMEMBERED = 8
#: From so many newcomers on a board is made anew: that is cheaper.
MANY_NEW = 30


class _Remembered(NamedTuple):
    kind: str
    n_samples: int
    contest: Contest[_Key]


class Memory:
    """What is remembered of the boards that were looked at last; without it, all is made anew."""

    def __init__(self) -> None:
        self._boards: OrderedDict[tuple[int, str], _Remembered] = OrderedDict()

    def contest(
        self, event_id: int, board: str, kind: str, ranked: Sequence[_Known], *, is_lower: bool
    ) -> Contest[_Key]:
        """Bring the comparisons of a board up to date.

        Parameters
        ----------
        ranked : sequence
            All that take a rank, with influences of one length.

        Returns
        -------
        Contest
            Of the keys of the submissions.
        """
        known = self._boards.get((event_id, board))
        made = None
        if known is not None and (known.kind, known.n_samples) == (kind, len(ranked[0][2])):
            made = _updated(known.contest, ranked, is_lower=is_lower)
        if made is None:
            made = _made(ranked, is_lower=is_lower)
        self._boards[event_id, board] = _Remembered(kind, len(ranked[0][2]), made)
        self._boards.move_to_end((event_id, board))
        if len(self._boards) > MAX_REMEMBERED:
            self._boards.popitem(last=False)
        return made


def _key(one: Candidate) -> _Key:
    return one.id, one.run


def _made(ranked: Sequence[_Known], *, is_lower: bool) -> Contest[_Key]:
    moves = np.stack([vector for _, _, vector in ranked])
    evidence = evidence_of_examples(np.array([score for _, score, _ in ranked]), moves)
    keys = [_key(one) for one, _, _ in ranked]
    return Contest.of(evidence, multiplied(moves), is_lower_the_better=is_lower, keys=keys)


def _updated(
    contest: Contest[_Key], ranked: Sequence[_Known], *, is_lower: bool
) -> Contest[_Key] | None:
    """Let newcomers join and the last leave; None if more than that has happened."""
    wanted = {_key(one): (score, vector) for one, score, vector in ranked}
    pairs = zip(contest.keys, contest.evidence.scores.tolist(), strict=True)
    stays = [key in wanted and wanted[key][0] == score for key, score in pairs]
    n_kept = stays.index(False) if False in stays else len(stays)
    new = [key for key in wanted if key not in set(contest.keys)]
    if any(stays[n_kept:]) or len(new) > MANY_NEW or n_kept + len(new) != len(wanted):
        return None
    contest = contest.first(n_kept)
    for key in new:
        score, vector = wanted[key]
        moves = np.stack([*(wanted[old][1] for old in contest.keys), vector])
        contest = contest.joined(
            key,
            score,
            covariances(moves, vector),
            multiplied(vector[None])[0],
            is_lower_the_better=is_lower,
        )
    return contest


def score_of(candidate: Candidate, board: str) -> float | None:
    """Give the score that a board ranks by."""
    return candidate.public if board == "public" else candidate.private


def places(
    event: Event, board: str, found: Sequence[Candidate], read: Read, memory: Memory
) -> list[Place]:
    """Find the places of a board.

    Parameters
    ----------
    board : {"public", "private"}
    found : sequence of Candidate
        At least the first `MAX_RANKED` that take a rank, and all references.
    read : callable
    memory : Memory
    """
    official = event.official_score
    kind = kind_of(board, event.ranking, official.id)
    is_lower = official.is_lower_the_better
    if event.has_ladder and board == "public":
        # What the ladder held back is not let out by an interval.
        found = [one for one in found if one.is_rung]
    known = [
        (one, score, vector)
        for one in _best(found, board, is_lower=is_lower)
        if (score := score_of(one, board)) is not None
        and (vector := read(one.folder, one.run, kind)) is not None
        and len(vector)
    ]
    known = _comparable([item for item in known if len(item[2]) == len(known[0][2])])
    ranked = {_key(item[0]): item for item in known if item[0].is_ranked}
    if not ranked:
        return []
    contest = memory.contest(event.id, board, kind, list(ranked.values()), is_lower=is_lower)
    told = standings.standings(contest, is_lower_the_better=is_lower)
    in_order = [ranked[key] for key in contest.keys]
    chances = {}
    if board == "public":
        chances = _forecast(event, contest.evidence, in_order, is_lower=is_lower)
    is_cut = len(ranked) >= MAX_RANKED
    rows = []
    for (one, _, _), place in zip(in_order, told, strict=True):
        if is_cut and place.high >= len(ranked):
            continue  # who is below is not known
        win, podium = chances.get(one.event_team_id, (None, None))
        rows.append(
            Place(
                submission_id=one.id,
                board=board,
                rank_low=place.low,
                rank_high=place.high,
                tie_group=place.tie_group,
                p_best=place.p_best,
                gap=place.gap,
                p_win=win,
                p_podium=podium,
            )
        )
    return _compared(rows, board, known, is_lower=is_lower)


def _comparable(known: Sequence[_Known]) -> list[_Known]:
    """Leave out those whose errors are no numbers, or so wild that all others' drown in rounding.

    One submission that predicts 1e200, or 1e12 everywhere, must not take the intervals from a
    whole board.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.array([float(np.linalg.norm(vector)) for _, _, vector in known])
    usual = sizes[np.isfinite(sizes) & (sizes > 0)]
    limit = MAX_WILD * float(np.median(usual)) if len(usual) else 0.0
    scores = [score for _, score, _ in known if np.isfinite(score)]
    middle, farthest = float(np.median(scores or [0.0])), limit or np.inf
    return [
        item
        for item, size in zip(known, sizes, strict=True)
        if np.isfinite(item[1]) and size <= limit and abs(item[1] - middle) <= farthest
    ]


def _best(found: Sequence[Candidate], board: str, *, is_lower: bool) -> list[Candidate]:
    """Choose the best so many of those who take a rank, and all references."""
    scored = [one for one in found if score_of(one, board) is not None]
    sign = 1 if is_lower else -1
    scored.sort(key=lambda one: sign * (score_of(one, board) or 0.0))
    ranked = [one for one in scored if one.is_ranked][:MAX_RANKED]
    chosen = {one.id for one in ranked} | {one.id for one in scored if _is_reference(one)}
    return [one for one in scored if one.id in chosen]


def _forecast(
    event: Event,
    evidence: Evidence,
    ranked: Sequence[_Known],
    *,
    is_lower: bool,
) -> dict[int, tuple[float, float]]:
    """Forecast who wins, from the final selections as they are now."""
    n_private = event.problem.n_test
    if not n_private or len(ranked) < 2:
        return {}
    entries = [
        Entry(one.id, one.event_team_id, score, one.submitted_at) for one, score, _ in ranked
    ]
    final = competition.final_selection(
        entries,
        {one.id for one, _, _ in ranked if one.is_final},
        n_final=event.n_final,
        is_lower_the_better=is_lower,
    )
    keys = {entry.key for entry in final}
    rows = [i for i, (one, _, _) in enumerate(ranked) if one.id in keys]
    chosen = Evidence(evidence.scores[rows], evidence.covariance[np.ix_(rows, rows)])
    told = competition.forecast(
        chosen,
        [ranked[i][0].event_team_id for i in rows],
        np.random.default_rng(event.id),
        is_lower_the_better=is_lower,
        n_public=event.problem.n_train,
        n_private=n_private,
    )
    return {int(team): (told.win[team], told.podium[team]) for team in told.win}


def _is_reference(one: Candidate) -> bool:
    return one.is_starred or one.is_baseline


def reference(found: Sequence[Candidate], board: str, *, is_lower: bool) -> Candidate | None:
    """Choose what everybody is compared with: the starred submission, else the best baseline."""
    sign = 1 if is_lower else -1
    known = [one for one in found if _is_reference(one) and score_of(one, board) is not None]
    known.sort(key=lambda one: (not one.is_starred, sign * (score_of(one, board) or 0.0)))
    return known[0] if known else None


def _compared(
    places: Sequence[Place], board: str, known: Sequence[_Known], *, is_lower: bool
) -> list[Place]:
    """Add to places how they differ from the reference."""
    by_id = {one.id: (score, vector) for one, score, vector in known}
    base = reference([one for one, _, _ in known], board, is_lower=is_lower)
    if base is None:
        return list(places)
    found = []
    for place in places:
        told = None
        if place.submission_id != base.id:
            told = difference(by_id[place.submission_id], by_id[base.id], is_lower=is_lower)
        if told is not None:
            place = place._replace(
                delta=told.difference,
                delta_low=told.low,
                delta_high=told.high,
                verdict=str(told.verdict),
            )
        found.append(place)
    return found


def difference(
    first: tuple[float, FloatArray], second: tuple[float, FloatArray], *, is_lower: bool
) -> Comparison | None:
    """Compare two submissions by their scores and influences; None if these do not pair."""
    evidence = standings.paired(first, second)
    return None if evidence is None else compare(evidence, 0, 1, is_lower_the_better=is_lower)
