"""A score that is no number, or out of its range, is a named failure and never a rank."""

from __future__ import annotations

import pytest

from databoard.services import events, leaderboards
from databoard.store.engine import read_only
from databoard.store.models import Standing
from databoard.store.queries import events as event_queries
from databoard.training import box
from tests.training.world import code, desk_in_thread, installation

ODD = """
class Odd(rw.score_types.Accuracy):
    def score_function(self, ground_truths, predictions, valid_indexes=None):
        if predictions.y_pred[0, 0] == 0.875:
            raise ValueError("\\0" + "quoted " * 1000)
        return {0.25: float("nan"), 0.75: 1.5}.get(float(predictions.y_pred[0, 0]), 0.5)


class Rare(rw.score_types.NegativeLogLikelihood):
    def __call__(self, y_true, y_pred):
        return float("nan") if y_pred[0, 0] == 0.375 else super().__call__(y_true, y_pred)


score_types = [
    Odd(name="acc"),
    Rare(name="nll"),
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    isolation = box.detect()
    if isolation.tier == "none":
        pytest.skip(isolation.words)
    with installation(None, tmp_path_factory.mktemp("world")) as made:
        problem = made.kit / "problem.py"
        text = problem.read_text().replace("score_types = [\n", ODD)
        for own in ('Accuracy(name="acc")', 'NegativeLogLikelihood(name="nll")'):
            text = text.replace(f"    rw.score_types.{own},\n", "")
        problem.write_text(text)
        with desk_in_thread(made, isolation):
            yield made


def constant(p):
    return code(predict=f"return np.full((len(X), 2), [{p}, {1 - p}])")


@pytest.mark.parametrize(
    ("p", "words"), [(0.25, "nan: no number"), (0.75, "1.5: out of its range")]
)
def test_what_cannot_rank_is_named_and_stands_on_no_board(world, p, words):
    good = world.await_state(world.submit(f"good-{p}", constant(0.5)))
    bad = world.await_state(world.submit(f"bad-{p}", constant(p)))

    assert (good.state, bad.state, bad.fault) == ("scored", "scoring_error", "organiser")
    assert bad.message.startswith(f"Fold {bad.error_fold + 1}: the score acc of the train")
    assert words in bad.message
    assert not bad.scores
    with read_only(), world.sessions() as session:
        event = event_queries.by_id(session, world.event_id)
        board = leaderboards.build(session, event, "public", now=world.now(), sees_all=True)
        failed = leaderboards.build(session, event, "failed", now=world.now(), sees_all=True)
        standings = session.query(Standing).filter(Standing.submission_id == bad.id).count()
    assert bad.name not in {row.submission for row in board.rows}
    assert bad.name in {row.submission for row in failed.rows}
    assert standings == 0


def test_what_a_score_quotes_can_be_stored_and_is_short(world):
    """A kit of its own prediction type may quote names that a team chose, or a null character."""
    bad = world.await_state(world.submit("quoted", constant(0.875)))

    assert (bad.state, bad.fault) == ("scoring_error", "organiser")
    assert "\0" not in bad.message
    assert "quoted quoted" in bad.message
    assert len(bad.message) <= 200


def test_another_score_than_the_official_one_may_be_no_number(world):
    """ramp-test prints nan, such as for how far off detections are where none is right."""
    done = world.await_state(world.submit("undefined", constant(0.375)))

    assert done.state == "scored", done.message
    assert done.message == "nll is no number in fold 1, 2, 3"
    with read_only(), world.sessions() as session:
        event = event_queries.by_id(session, world.event_id)
        board = leaderboards.build(session, event, "public", now=world.now(), sees_all=True)
    (row,) = [row for row in board.rows if row.submission == done.name]
    assert row.rank
    assert "nll" not in row.scores
    assert row.scores["acc"] == 0.5


def test_the_score_that_the_organisers_have_chosen_must_be_a_number(world):
    def choose(name):
        with world.sessions.begin() as session:
            events.choose_official(session, event_queries.by_id(session, world.event_id), name)

    choose("nll")
    try:
        bad = world.await_state(world.submit("undefined-but-official", constant(0.375)))
    finally:
        choose("acc")

    assert (bad.state, bad.fault) == ("scoring_error", "organiser")
    assert "nll" in bad.message
    assert "nan: no number" in bad.message
