"""Places on boards: nothing is done for nothing, and what is kept up to date is what is true."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from databoard.services import analysis, marks, standings
from databoard.services.standings import Memory
from databoard.store.influences import Influences, kind_of, remembering
from databoard.store.models import Event, Standing
from databoard.store.queries import analysis as queries
from databoard.training.analysis import npy
from tests.builders import NOON, make_event, make_event_team, make_scored_submission

N = 200


@pytest.fixture
def event(session):
    return make_event(session, "parity")


@pytest.fixture
def teams(session, event):
    return [make_event_team(session, event) for _ in range(4)]


@pytest.fixture
def influences(tmp_path):
    return Influences(tmp_path)


@pytest.fixture
def put(session, event, influences):
    """Make a scored submission of a skill, whose errors are partly those of all."""
    hardness = np.random.default_rng(99).normal(size=(2, N))

    def make(place, number, skill=None, **fields):
        rng = np.random.default_rng(number)
        skill = rng.normal() if skill is None else skill
        when = NOON + timedelta(minutes=number)
        made = make_scored_submission(
            session, place, f"s{number}", submitted_at=when, ended_at=when, **fields
        )
        hits = (skill + 0.5 * rng.normal(size=(2, N)) > hardness).astype(float)
        for score in made.scores:
            score.public, score.private = hits.mean(axis=1).tolist()
        for board, row in zip(("public", "private"), hits, strict=True):
            kind = kind_of(board, event.ranking, event.official_score.id)
            influences.write(made.folder, made.run, kind, npy(row - row.mean()))
        session.flush()
        return made

    return make


def found(session, event):
    """What is known of the places of an event: what is sure, and what is measured."""
    session.flush()
    rows = session.execute(
        select(*(getattr(Standing, name) for name in queries.Place._fields))
        .where(Standing.event_id == event.id, Standing.rank_low.is_not(None))
        .order_by(Standing.board, Standing.submission_id)
        .execution_options(populate_existing=True)
    )
    places = [queries.Place._make(row) for row in rows]
    sure = [(p.submission_id, p.board, p.rank_low, p.rank_high, p.tie_group, p.verdict)
            for p in places]  # fmt: skip
    return sure, np.array([[p.p_best, p.gap or 0.0, p.delta or 0.0] for p in places])


def anew(session, event, read):
    """What an installation finds that remembers nothing."""
    event.standings_of = ""
    analysis.refresh(session, event, read)
    return found(session, event)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("has_ladder", [False, True])
def test_what_is_kept_up_to_date_is_what_one_would_find_anew(
    session, event, teams, put, influences, monkeypatch, seed, has_ladder
):
    """More come than are looked at: some join, some fall off the end, some never matter."""
    for module in (analysis, standings):
        monkeypatch.setattr(module, "MAX_RANKED", 6)
    event.has_ladder, memory, rng = has_ladder, Memory(), np.random.default_rng(seed)
    put(teams[0], 500, skill=-1, is_baseline=True, is_rung=has_ladder)
    for step in range(14):
        made = put(teams[step % 4], 100 * seed + step, is_rung=has_ladder and rng.random() < 0.7)
        if step == 9:
            marks.mark_submission(session, made, by=None, now=NOON, disqualification="a copy")
        analysis.refresh(session, event, influences.read, memory)
        sure, measured = found(session, event)

        expected, expected_measured = anew(session, event, influences.read)

        assert sure == expected
        np.testing.assert_allclose(measured, expected_measured, atol=2e-3)
    assert any(board == "private" for _, board, *_ in sure)


def test_a_newcomer_is_compared_with_those_who_are_there(event, teams, put, influences, session):
    memory = Memory()
    for number in range(5):
        put(teams[0], number)
    analysis.refresh(session, event, influences.read, memory)
    before = memory._boards[event.id, "public"].contest
    put(teams[1], 7)

    analysis.refresh(session, event, influences.read, memory)

    after = memory._boards[event.id, "public"].contest
    kept = [after.keys.index(key) for key in before.keys]
    # Not drawn anew: the very numbers, in the same order.
    assert np.array_equal(after.draws[kept], before.draws)
    assert len(after) == 6


def unreadable(folder, run, kind):
    raise AssertionError("Nobody should have asked for this.")


def test_nothing_is_computed_or_written_while_nothing_has_changed(
    session, event, teams, put, influences
):
    for number in range(4):
        put(teams[number], number)
    analysis.refresh(session, event, influences.read)
    session.commit()
    session.refresh(event)
    before, version = found(session, event), event.board_version

    analysis.refresh(session, event, unreadable)
    session.commit()

    session.refresh(event)
    assert event.board_version == version
    assert found(session, event)[0] == before[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda session, made: marks.mark_submission(
            session, made, by=None, now=NOON, is_starred=True
        ),
        lambda session, made: marks.mark_submission(
            session, made, by=None, now=NOON, disqualification="a copy"
        ),
        lambda session, made: setattr(made, "run", 2),
        lambda session, made: setattr(made.scores[0], "public", 0.123),
        lambda session, made: setattr(made, "is_final", True),
        lambda session, made: setattr(made.event_team.event, "n_final", 3),
        lambda session, made: setattr(made.event_team.event, "ranking", "mean"),
    ],
)
def test_whatever_places_follow_from_has_them_found_again(
    session, event, teams, put, influences, change
):
    made = [put(teams[number], number) for number in range(4)]
    analysis.refresh(session, event, influences.read)
    change(session, made[1])

    with pytest.raises(AssertionError, match="Nobody should"):
        analysis.refresh(session, event, unreadable)


def test_a_result_far_down_a_long_board_concerns_no_place(
    session, event, teams, put, influences, monkeypatch
):
    monkeypatch.setattr(analysis, "MAX_RANKED", 3)
    for number in range(3):
        put(teams[number], number, skill=2)
    last, first = put(teams[0], 7, skill=-2), put(teams[0], 8, skill=3)
    baseline = put(teams[0], 9, skill=-2, is_baseline=True)

    assert not analysis.hold(session, event, [last.id])
    assert analysis.hold(session, event, [last.id, first.id])
    assert analysis.hold(session, event, [baseline.id])


def test_what_was_trained_anew_meanwhile_is_not_analysed_yet(session, event, teams, put):
    made = [put(teams[0], number) for number in range(2)]
    listed = queries.new(session, event.id)
    made[1].run += 1
    session.flush()

    analysis.done(session, event.id, 1, listed)

    assert [one.id for one in queries.new(session, event.id)] == [made[1].id]


def test_a_new_result_and_a_changed_setting_are_told_apart(session, event):
    from databoard.services import events

    def counted(**what):
        events.touch(session, event.id, analyse=True, **what)
        session.commit()
        found = session.get(Event, event.id, populate_existing=True)
        return found.analysis_asked, found.analysis_renewed

    asked, renewed = counted(is_result=True)

    assert counted(is_result=True) == (asked + 1, renewed)
    assert counted() == (asked + 2, renewed + 1)


def test_a_reader_remembers_up_to_so_many_bytes_and_asks_again_for_what_was_missing():
    known, asked = {"a": np.zeros(4), "b": np.ones(4), "c": np.ones(4)}, []

    def read(folder, run, kind):
        asked.append(folder)
        return known.get(folder)

    remembered = remembering(read, max_bytes=64)
    for folder in ("a", "b", "a", "c", "a", "b", "d", "d"):
        remembered(folder, 1, "public_bagged_1")

    assert asked == ["a", "b", "c", "b", "d", "d"]
