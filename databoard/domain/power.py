"""What an event can resolve: the smallest gap between two submissions that its data shows."""

from __future__ import annotations

import math


def sd_of_rate(rate: float) -> float:
    """Return the standard deviation of a right-or-wrong score of one example.

    Parameters
    ----------
    rate : float
        Share of right answers, between 0 and 1.

    Returns
    -------
    float

    Examples
    --------
    >>> sd_of_rate(0.5)
    0.5
    """
    return math.sqrt(rate * (1 - rate))


def _units(level: float, power: float, n_rivals: int) -> float:
    from scipy import stats

    alpha = (1 - level) / max(1, n_rivals)
    return float(stats.norm.isf(alpha / 2) + stats.norm.ppf(power))


def smallest_gap(
    sd: float,
    n_samples: int,
    *,
    correlation: float = 0.5,
    inflation: float = 1.0,
    n_rivals: int = 1,
    level: float = 0.95,
    power: float = 0.8,
) -> float:
    """Find the smallest true difference of two scores that will be found significant.

    Parameters
    ----------
    sd : float
        Standard deviation of the score of one example (`sd_of_rate` for accuracies).
    n_samples : int
        Examples that scores are averaged over.
    correlation : float
        Between the two submissions' scores of an example; good ones err on the same examples.
    inflation : float
        Factor of the variance from overlapping training sets
        (`databoard.domain.statistics.overlap_inflation`); 1 for a test set.
    n_rivals : int
        Comparisons among which this one must stand out (Bonferroni).
    level : float
        Of confidence.
    power : float
        Probability of finding it.

    Returns
    -------
    float
        In units of the score.

    Examples
    --------
    >>> round(smallest_gap(sd_of_rate(0.9), 1000), 3)
    0.027
    """
    spread = sd * math.sqrt(2 * (1 - correlation) * inflation)
    return _units(level, power, n_rivals) * spread / math.sqrt(n_samples)


def needed_samples(
    gap: float,
    sd: float,
    *,
    correlation: float = 0.5,
    inflation: float = 1.0,
    n_rivals: int = 1,
    level: float = 0.95,
    power: float = 0.8,
) -> int:
    """Find how many examples resolve a gap; the inverse of `smallest_gap`.

    Parameters
    ----------
    gap : float
        Positive, in units of the score.
    sd, correlation, inflation, n_rivals, level, power
        As for `smallest_gap`.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the gap is not positive.

    Examples
    --------
    >>> needed_samples(0.01, sd_of_rate(0.9))
    7064
    """
    if not gap > 0:
        raise ValueError("The gap must be positive.")
    spread = sd * math.sqrt(2 * (1 - correlation) * inflation)
    return math.ceil((_units(level, power, n_rivals) * spread / gap) ** 2)
