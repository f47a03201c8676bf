"""The boosting attack, replayed through what is stored and shown."""

from __future__ import annotations

import io
import math
from datetime import timedelta

import numpy as np
import pytest

from databoard.services import ladders
from databoard.store.influences import Influences, kind_of
from tests.builders import NOON, make_event, make_event_team, make_scored_submission, make_team

N, TRIES = 400, 120
ERROR = 0.5 / math.sqrt(N)


@pytest.fixture
def judge(session, tmp_path):
    """Submit predictions of right and wrong to an event; return what its team is shown."""

    def submit(place, hits, number):
        event, influences = place.event, Influences(tmp_path)
        made = make_scored_submission(
            session,
            place,
            f"s{number}",
            score=float(hits.mean()),
            submitted_at=NOON + timedelta(minutes=number),
            ended_at=NOON + timedelta(minutes=number, seconds=9),
        )
        content = io.BytesIO()
        np.save(content, hits - hits.mean())
        kind = kind_of("public", event.ranking, event.official_score.id)
        influences.write(made.folder, made.run, kind, content.getvalue())
        for score in made.scores:
            ladders.rank_by(event, score)
        if event.has_ladder:
            ladders.answer(session, event, made, influences.read)
        return next(
            s.public for s in made.scores if s.event_score_type_id == event.official_score.id
        )

    return submit


def boost(submit, place, labels, rng):
    """Guess at random, keep what the board likes, submit the vote of what was kept."""
    vote, last = np.zeros(N), 0.5
    for number in range(TRIES):
        guess = rng.integers(0, 2, N)
        shown = submit(place, (guess == labels).astype(float), number)
        vote += (2 * guess - 1) * (shown > last)
        if place.event.has_ladder:
            last = shown
    return submit(place, ((vote > 0) == labels).astype(float), TRIES)


@pytest.mark.parametrize("has_ladder", [False, True])
def test_a_ladder_shows_no_more_than_the_private_board_will(session, judge, has_ladder):  # L15
    event = make_event(session, has_ladder=has_ladder)
    place = make_event_team(session, event, make_team(session, "attackers"))
    rng = np.random.default_rng(5)

    shown = boost(judge, place, rng.integers(0, 2, N), rng)

    # On rows that nobody was asked about, a vote of coins is right half the time.
    gap = shown - 0.5
    assert gap < ERROR if has_ladder else gap > 4 * ERROR


def test_honest_teams_keep_their_order(session, judge):
    event = make_event(session, has_ladder=True)
    rng = np.random.default_rng(6)
    hardness = rng.normal(size=N)
    shown, true = [], []
    for team in range(4):
        place = make_event_team(session, event, make_team(session, f"team{team}"))
        for number, skill in enumerate(np.linspace(0, 0.4 + 0.5 * team, 5)):
            hits = (skill + 0.4 * rng.normal(size=N) > 0.8 * hardness).astype(float)
            last = judge(place, hits, number)
        shown.append(last)
        true.append(hits.mean())

    assert np.argsort(shown).tolist() == np.argsort(true).tolist()
