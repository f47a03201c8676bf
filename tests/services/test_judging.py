"""Judging: final selections, freezes, sections, marks, and what ranks."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from databoard.domain.contests import Contest
from databoard.domain.standings import standings
from databoard.domain.statistics import Evidence
from databoard.errors import ClosedError, InvalidError
from databoard.services import analysis, events, leaderboards, marks
from databoard.store.influences import Influences, kind_of
from databoard.store.models import AuditEntry
from databoard.store.queries import analysis as queries
from databoard.training.analysis import npy
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_score_type,
    make_scored_submission,
    make_team,
    make_user,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def event(session):
    return make_event(session, "parity")


@pytest.fixture
def one(session, event):
    return make_event_team(session, event, make_team(session, "one"))


@pytest.fixture
def two(session, event):
    return make_event_team(session, event, make_team(session, "two"))


def scored(session, place, name, public, private=None, **fields):
    made = make_scored_submission(session, place, name, score=public, **fields)
    for score in made.scores:
        score.private = public if private is None else private
    session.flush()
    return made


def rows(session, event, board, **options):
    return leaderboards.build(session, event, board, now=NOON, **options).rows


def test_a_team_is_judged_by_what_it_chose(session, event, one, two):
    scored(session, one, "overfitted", 0.95, 0.5)
    solid = scored(session, one, "solid", 0.9, 0.85)
    scored(session, two, "rival", 0.92, 0.8)

    before = rows(session, event, "private_competition")
    marks.choose_final(session, one, [solid.hash_], now=NOON)
    after = rows(session, event, "private_competition")

    assert [(r.rank, r.submission) for r in before] == [(1, "rival"), (2, "overfitted")]
    assert [(r.rank, r.submission) for r in after] == [(1, "solid"), (2, "rival")]
    assert [r.gain for r in after] == [1, -1]
    assert [r.submission for r in rows(session, event, "competition")] == ["rival", "solid"]


def test_the_closing_shakes_the_board_up(session, event, one, two):
    scored(session, one, "a", 0.9, 0.1)
    scored(session, two, "b", 0.8, 0.2)

    board = leaderboards.build(session, event, "private_competition", now=NOON)

    assert board.shake_up == 0.5
    assert leaderboards.build(session, event, "competition", now=NOON).shake_up is None


def test_no_more_may_be_final_than_the_event_says(session, event, one, two):
    mine = [scored(session, one, f"s{i}", 0.5 + i / 10).hash_ for i in range(2)]
    theirs = scored(session, two, "theirs", 0.5).hash_

    with pytest.raises(InvalidError):
        marks.choose_final(session, one, mine, now=NOON)
    with pytest.raises(InvalidError):
        marks.choose_final(session, one, [theirs], now=NOON)
    event.closing_at = NOON
    with pytest.raises(ClosedError):
        marks.choose_final(session, one, mine[:1], now=NOON)


def test_participants_see_a_frozen_board_until_the_closing(session, event, one):
    event.freeze_at, event.closing_at = NOON - HOUR, NOON + HOUR
    scored(session, one, "early", 0.5, submitted_at=NOON - 2 * HOUR)
    scored(session, one, "late", 0.9, submitted_at=NOON)

    for board in ("public", "competition"):
        assert [r.submission for r in rows(session, event, board)] == ["early"]
        assert "late" in [r.submission for r in rows(session, event, board, sees_all=True)]
    event.closing_at = NOON
    assert len(rows(session, event, "public")) == 2


def test_a_baseline_and_a_disqualified_team_take_no_rank_and_it_is_noted(session, event, one, two):
    admin = make_user(session, access_level="admin")
    base = scored(session, one, "base", 0.9)
    scored(session, two, "cheat", 0.8)

    marks.mark_submission(session, base, by=admin, now=NOON, is_baseline=True)
    marks.mark_team(session, two, by=admin, now=NOON, disqualification="copied", section="A")

    assert [(r.rank, r.off_rank) for r in rows(session, event, "public")] == [
        (None, "baseline"),
        (None, "disqualified"),
    ]
    assert rows(session, event, "public")[1].section == "A"
    assert session.query(AuditEntry).count() == 2
    marks.mark_team(session, two, by=admin, now=NOON, disqualification="")
    assert rows(session, event, "public")[1].rank == 1


def test_an_event_has_one_reference(session, event, one):
    first, second = scored(session, one, "a", 0.9), scored(session, one, "b", 0.8)

    for submission in (first, second):
        marks.mark_submission(session, submission, by=None, now=NOON, is_starred=True)

    assert (first.is_starred, second.is_starred) == (False, True)


def test_what_ranks_follows_the_settings(session, event, one):
    made = scored(session, one, "a", 0.9)
    score = made.scores[0]
    score.valid_mean, score.test_mean = 0.7, 0.6

    events.update(session, event, ranking="mean")
    assert (score.public, score.private) == (0.7, 0.6)
    events.update(session, event, has_ladder=True)
    assert score.public is None
    events.update(session, event, has_ladder=False, ranking="bagged")
    assert score.public == 0.9
    session.commit()
    session.refresh(event)
    assert queries.due(session) == [event.id]


def test_another_score_may_be_the_official_one(session):
    kinds = [make_score_type(session, name) for name in ("acc", "f1")]
    event = make_event(session, score_types=kinds)

    events.choose_official(session, event, "f1")

    assert event.official_score.name == "f1"
    with pytest.raises(InvalidError):
        events.choose_official(session, event, "mse")


def test_two_submissions_are_compared_by_their_influences(session, event, one, tmp_path):
    influences = Influences(tmp_path)
    rng = np.random.default_rng(0)
    made = [scored(session, one, name, score) for name, score in (("a", 0.9), ("b", 0.5))]
    shared = rng.normal(size=400)
    for submission in made:
        vector = npy(0.3 * shared + 0.1 * rng.normal(size=400))
        kind = kind_of("public", event.ranking, event.official_score.id)
        influences.write(submission.folder, submission.run, kind, vector)

    found = analysis.between(event, *made, influences.read)

    assert str(found.verdict) == "better"
    assert found.difference == pytest.approx(0.4)
    assert found.low < 0.4 < found.high
    assert found.high - found.low < 0.05
    made[1].run = 2  # what an older run left is not taken
    assert analysis.between(event, *made, influences.read) is None


def test_standings_of_nobody_and_of_one():
    def found(n):
        evidence, draws = Evidence(np.ones(n), np.eye(n)), np.ones((n, 50), np.float32)
        options = {"is_lower_the_better": True}
        return standings(Contest.of(evidence, draws, keys=range(n), **options), **options)

    assert found(0) == []
    (alone,) = found(1)
    assert (alone.low, alone.high, alone.gap) == (1, 1, None)
