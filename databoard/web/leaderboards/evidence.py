"""How sure it is: places, additions and differences of submissions as pages show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from databoard.domain import statistics
from databoard.domain.statistics import Comparison
from databoard.services import analysis, leaderboards
from databoard.store.influences import Influences, Read
from databoard.store.models import Event, EventScoreType, Standing, Submission
from databoard.store.queries import analysis as queries
from databoard.store.queries import events as event_queries
from databoard.store.queries import submissions as submission_queries
from databoard.web import guards
from databoard.web.event_pages import installation
from databoard.web.extensions import db
from databoard.web.leaderboards import sight
from databoard.web.leaderboards.sight import Sight


@dataclass(frozen=True)
class Evidence:
    """What is known of a submission beyond its scores, as far as the visitor may see it."""

    #: By board.
    places: dict[str, Standing]
    #: What it is compared with by default: the organisers' reference, or a baseline.
    reference: Submission | None
    against: Comparison | None
    #: Whether its share of the best combination may be seen.
    shows_share: bool


def read() -> Read:
    """Give the reader of stored influences."""
    return Influences(installation().submissions_dir).read


def of(submission: Submission, seen: Sight) -> Evidence:
    """Collect what is known of a submission; results after a freeze would tell of themselves."""
    event = submission.event_team.event
    is_frozen = leaderboards.is_frozen(event, guards.now()) and not guards.standing(event).is_admin
    known = queries.standing(db.session(), submission.id) if submission.state == "scored" else {}
    places = {} if is_frozen else known
    if not seen.private:
        places.pop("private", None)
    reference = _reference(submission) if seen.folds and known else None
    return Evidence(
        places,
        reference,
        between(event, submission, reference) if reference else None,
        seen.folds and submission.blend_with is not None and not is_frozen,
    )


def _reference(submission: Submission) -> Submission | None:
    found = submission_queries.references(db.session(), submission.event_id)
    return next((one for one in found if one.id != submission.id and sight.is_known(one)), None)


def between(event: Event, first: Submission, second: Submission) -> Comparison | None:
    """Compare the public scores of two submissions, example by example."""
    return analysis.between(event, first, second, read())


def over_folds(
    event: Event, official: EventScoreType, pairs: list[tuple[float, float]]
) -> Comparison | None:
    """Compare two submissions fold by fold; None if too few folds have both scores.

    Parameters
    ----------
    pairs : list of (float, float)
        Validation scores of the first and the second in each fold.
    """
    if len(pairs) < 2:
        return None
    folds = event_queries.folds(db.session(), event.id, with_rows=True)
    if not folds:
        return None
    sizes = [(len(fold.train_is), len(fold.valid_is)) for fold in folds]
    n_train, n_test = (sum(side) / len(sizes) for side in zip(*sizes, strict=True))
    scores = np.array(pairs).T
    evidence = statistics.evidence_of_folds(scores, n_train, n_test)
    return statistics.compare(evidence, 0, 1, is_lower_the_better=official.is_lower_the_better)
