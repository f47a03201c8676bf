"""The end of a competition: final selections, private ranks, shake-up, and the forecast before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from databoard.domain.leaderboard import Entry, Row, best_per_team, rank
from databoard.domain.statistics import Evidence, chances_of_best, square_root

FloatArray = NDArray[np.float64]


def final_selection(
    entries: Iterable[Entry],
    chosen: Collection[int],
    *,
    n_final: int,
    is_lower_the_better: bool,
    precision: int | None = None,
) -> list[Entry]:
    """Find the submissions that count at the end.

    Each team's own choice, at most `n_final` (of more, the best public ones); a team that chose
    none gets its `n_final` best public ones. What is off-rank never counts.

    Parameters
    ----------
    entries : iterable of Entry
        With public scores.
    chosen : collection of int
        Keys that teams chose.
    n_final : int
    is_lower_the_better : bool
    precision : int, optional

    Returns
    -------
    list of Entry
        Best public score first.
    """
    rows = rank(entries, is_lower_the_better=is_lower_the_better, precision=precision)
    ranked = [row.entry for row in rows if row.rank is not None]
    choosers = {entry.team for entry in ranked if entry.key in chosen}
    taken: dict[int | str, int] = {}
    final = []
    for entry in ranked:
        counts = entry.key in chosen or entry.team not in choosers
        if counts and taken.get(entry.team, 0) < n_final:
            taken[entry.team] = taken.get(entry.team, 0) + 1
            final.append(entry)
    return final


def final_board(
    final: Iterable[Entry],
    private: Mapping[int, float | None],
    *,
    is_lower_the_better: bool,
    precision: int | None = None,
) -> list[Row]:
    """Rank the teams by the private scores of their final selections, the best of each.

    Parameters
    ----------
    final : iterable of Entry
        From `final_selection`.
    private : mapping of int to float or None
        Private scores by key.
    is_lower_the_better : bool
    precision : int, optional

    Returns
    -------
    list of Row
        One per team.
    """
    scored = [replace(entry, score=private.get(entry.key)) for entry in final]
    best = best_per_team(scored, is_lower_the_better=is_lower_the_better, precision=precision)
    return rank(best, is_lower_the_better=is_lower_the_better, precision=precision)


@dataclass(frozen=True)
class Change:
    """How a team moved from the public to the private board; a positive `gain` is upwards."""

    team: int | str
    public: int | None
    private: int | None

    @property
    def gain(self) -> int | None:
        """Ranks gained at the closing, None for a team that was not on both boards."""
        if self.public is None or self.private is None:
            return None
        return self.public - self.private


def changes(public: Iterable[Row], private: Iterable[Row]) -> list[Change]:
    """Compare the two competition boards.

    Parameters
    ----------
    public, private : iterable of Row
        One row per team each.

    Returns
    -------
    list of Change
        In the order of the private board, then those who are on the public board only.
    """
    before = {row.entry.team: row.rank for row in public}
    after = {row.entry.team: row.rank for row in private}
    moved = [Change(team, before.get(team), place) for team, place in after.items()]
    return moved + [
        Change(team, place, None) for team, place in before.items() if team not in after
    ]


def shake_up(moved: Sequence[Change]) -> float:
    """Measure how much the order changed: the mean number of ranks moved over the number of teams.

    Parameters
    ----------
    moved : sequence of Change

    Returns
    -------
    float
        0 if nobody moved, about 1/3 for a random order, 1/2 for the reverse one; NaN without a
        team on both boards.
    """
    gains = [abs(change.gain) for change in moved if change.gain is not None]
    return float(np.mean(gains) / len(gains)) if gains else float("nan")


@dataclass(frozen=True)
class Forecast:
    """Chances at the closing, per team.

    Attributes
    ----------
    win, podium : dict
        Probabilities of the first place and of one of the first three.
    """

    win: dict[int | str, float]
    podium: dict[int | str, float]


def forecast(
    evidence: Evidence,
    teams: Sequence[int | str],
    rng: np.random.Generator,
    *,
    is_lower_the_better: bool,
    n_public: int,
    n_private: int,
    n_draws: int = 2000,
) -> Forecast:
    """Say who will win, before the private scores are seen.

    The public scores at the top are partly luck, so true scores are drawn from their posterior
    under a normal law of skills whose spread the board itself tells (empirical Bayes); private
    scores scatter around them as the size of the private set says.

    Parameters
    ----------
    evidence : Evidence
        Of public scores; the final selections, for instance.
    teams : sequence of int or str
        Team of each submission; a team stands where its best private score does.
    rng : numpy.random.Generator
    is_lower_the_better : bool
    n_public, n_private : int
        Examples behind the scores.
    n_draws : int

    Returns
    -------
    Forecast
    """
    n = len(teams)
    mean, covariance = _posterior(evidence)
    total = covariance + evidence.covariance * (n_public / n_private)
    private = mean + rng.standard_normal((n_draws, n)) @ square_root(total).T
    names = list(dict.fromkeys(teams))
    best = np.full((n_draws, len(names)), np.inf)
    for i, team in enumerate(teams):
        column = names.index(team)
        sign = 1 if is_lower_the_better else -1
        best[:, column] = np.minimum(best[:, column], sign * private[:, i])
    win, podium = (chances_of_best(best.T, n).tolist() for n in (1, 3))
    return Forecast(dict(zip(names, win, strict=True)), dict(zip(names, podium, strict=True)))


def _posterior(evidence: Evidence) -> tuple[FloatArray, FloatArray]:
    """Shrink scores to their mean by the share of their spread that errors explain.

    Along each principal direction of the errors with variance v, the skill s keeps the share
    s / (s + v). Nothing is inverted: identical submissions make the covariance of the errors
    singular, and rounding may even make it indefinite.
    """
    scores, errors = evidence.scores, evidence.covariance
    n = len(scores)
    if n < 2:
        return scores, errors
    # An error that all share moves no rank: only what differs explains differences.
    centre = np.eye(n) - 1 / n
    variances, directions = np.linalg.eigh(centre @ errors @ centre)
    rounding = n * np.finfo(np.float64).eps * np.trace(errors)
    variances = np.where(variances > rounding, variances, 0.0)
    noise = float(variances.sum()) / (n - 1)
    skill = max(float(np.var(scores, ddof=1)) - noise, 0.05 * noise)
    if skill <= 0:
        return scores, errors
    kept = skill / (skill + variances)
    middle = scores.mean()
    mean = middle + directions @ (kept * (directions.T @ (scores - middle)))
    return mean, (directions * (kept * variances)) @ directions.T
