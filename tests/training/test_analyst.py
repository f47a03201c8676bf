"""What follows from results: intervals, the best combination, additions, the ladder."""

from __future__ import annotations

import io
import shutil
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import rampwf
from sqlalchemy import update
from sqlalchemy.event import listen, remove
from sqlalchemy.orm import Session

from databoard.services import blends, events, health, monitoring
from databoard.store.engine import make_engine, make_sessions
from databoard.store.files import Files
from databoard.store.models import Submission
from databoard.store.queries import analysis as queries
from databoard.store.queries import tasks as task_queries
from databoard.training import blends as answering
from databoard.training.analysis import FoldBlend, npy
from databoard.training.analyst import Analyst, _plan
from databoard.training.blends import Answerer
from databoard.training.influence import Influence
from databoard.training.scorer import Scorer
from databoard.training.wire import npy_header
from tests.builders import (
    NOON,
    make_event,
    make_event_team,
    make_problem,
    make_score_type,
    make_scored_submission,
    make_user,
)


@pytest.fixture
def scorer(problems):
    return Scorer("flowers", None, problems)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "submissions")


@pytest.fixture
def rows(engine_of_rows):
    with Session(engine_of_rows, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def engine_of_rows(database_url):
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def analyst(engine, engine_of_rows, files):
    made = Analyst(make_sessions(engine_of_rows), engine, files.root)
    yield made
    made.stop()


@pytest.fixture
def event(rows, scorer):
    problem = make_problem(rows, "flowers", n_train=len(scorer.y_train), n_test=len(scorer.y_test))
    types = [make_score_type(rows, name) for name in ("acc", "f1_70")]
    types.insert(1, make_score_type(rows, "nll", is_lower_the_better=True, maximum=np.inf))
    made = make_event(
        rows, "flowers", problem=problem, score_types=types, n_folds=len(scorer.folds)
    )
    for fold, (train, valid) in zip(made.folds, scorer.folds, strict=True):
        fold.train_is, fold.valid_is = train, valid
    rows.flush()
    return made


def predict(scorer, noise, seed):
    """Plausible probabilities: the truth, with noise."""
    rng = np.random.default_rng(seed)
    found = []
    for step in ("all", "test"):
        truth = scorer._truth(step, -1).y_pred
        folds = []
        for _ in scorer.folds:
            raw = np.abs(truth + noise * rng.normal(size=truth.shape))
            folds.append(raw / raw.sum(axis=1, keepdims=True))
        found.append(folds)
    return found


def stored(values):
    return npy_header(values.shape) + np.ascontiguousarray(values, "<f8").tobytes()


def put_files(scorer, files, made, noise, seed):
    trains, tests = predict(scorer, noise, seed)
    for number, (train, test) in enumerate(zip(trains, tests, strict=True)):
        files.write_fold(made.folder, number, "y_pred_train.npy", stored(train))
        files.write_fold(made.folder, number, "y_pred_test.npy", stored(test))
    return trains, tests


def put(rows, scorer, files, place, name, noise, seed=0, **fields):
    """Make a scored submission with predictions on the disk and their real scores."""
    made = make_scored_submission(rows, place, name, **fields)
    bags = scorer.bag(*put_files(scorer, files, made, noise, seed))
    for score in made.scores:
        kind = score.event_score_type.name
        score.public = score.valid_bag = bags["valid"][-1][kind]
        score.private = score.test_bag = bags["test"][-1][kind]
    rows.flush()
    return made


def ask(rows, event):
    events.touch(rows, event.id, analyse=True)
    rows.commit()


def test_a_board_gets_intervals_bands_and_chances(rows, scorer, files, event, analyst):
    good, bad = make_event_team(rows, event), make_event_team(rows, event)
    best = put(rows, scorer, files, good, "best", 0.1, 1)
    twin = put(rows, scorer, files, good, "twin", 0.12, 2)
    worst = put(rows, scorer, files, bad, "worst", 2.0, 3)
    ask(rows, event)

    assert analyst.work()

    places = {one.name: queries.standing(rows, one.id) for one in (best, twin, worst)}
    assert places["best"]["public"].rank_high == 2
    assert places["worst"]["public"].rank_low == 3
    assert places["worst"]["private"].rank_low == 3
    assert places["best"]["public"].tie_group == places["twin"]["public"].tie_group == 0
    assert places["worst"]["public"].tie_group == 1
    assert sum(one["public"].p_best for one in places.values()) == pytest.approx(1)
    assert places["best"]["public"].p_win > 0.9
    assert queries.due(rows) == []


def test_the_best_combination_is_stored_with_its_shares(rows, scorer, files, event, analyst):
    place = make_event_team(rows, event)
    made = [put(rows, scorer, files, place, f"s{i}", 0.9, i) for i in range(4)]
    ask(rows, event)

    analyst.work()
    rows.expire_all()

    shares = [one.contributivity for one in made]
    assert sum(shares) == pytest.approx(1)
    assert [one.historical_contributivity for one in made] == shares
    combined = rows.get(type(event), event.id).combined
    assert len(combined["combined"]["valid"]) == len(scorer.folds)
    assert combined["combined"]["valid"][-1]["acc"] >= combined["best"]["valid"][-1]["acc"] - 0.05
    assert set(combined["best"]["test"][-1]) == {"acc", "nll", "f1_70"}
    assert made[0].blend_without is None
    assert made[1].blend_with >= made[1].blend_without == made[0].blend_with


def test_one_more_result_changes_what_must_change(rows, scorer, files, event, analyst):
    place = make_event_team(rows, event)
    first = put(rows, scorer, files, place, "first", 1.5, 1)
    ask(rows, event)
    analyst.work()
    better = put(rows, scorer, files, place, "better", 0.01, 2)
    ask(rows, event)

    analyst.work()
    rows.expire_all()

    assert better.contributivity == pytest.approx(1)
    assert first.contributivity == 0
    assert queries.standing(rows, first.id)["public"].rank_low == 2


def test_a_removed_submission_leaves_the_combination(rows, scorer, files, event, analyst):
    place = make_event_team(rows, event)
    gone = put(rows, scorer, files, place, "gone", 0.01, 1)
    left = put(rows, scorer, files, place, "left", 1.0, 2)
    ask(rows, event)
    analyst.work()
    rows.delete(rows.get(Submission, gone.id))
    ask(rows, event)

    analyst.work()
    rows.expire_all()

    assert rows.get(Submission, left.id).contributivity == pytest.approx(1)


def test_everybody_is_compared_with_the_baseline(rows, scorer, files, event, analyst):
    place = make_event_team(rows, event)
    put(rows, scorer, files, place, "base", 2.0, 1, is_baseline=True)
    mine = put(rows, scorer, files, place, "mine", 0.1, 2)
    ask(rows, event)

    analyst.work()

    standing = queries.standing(rows, mine.id)["public"]
    assert standing.verdict == "better"
    assert 0 < standing.delta_low < standing.delta < standing.delta_high


def test_a_ladder_lets_out_only_what_chance_does_not_explain(rows, scorer, files, event, analyst):
    event.has_ladder = True
    place = make_event_team(rows, event)
    names = [("first", 1.5), ("same", 1.49), ("leap", 0.05), ("worse", 2.0)]
    made = []
    for seed, (name, noise) in enumerate(names):
        one = put(rows, scorer, files, place, name, noise, 1 if seed == 1 else seed + 1)
        one.ended_at = one.submitted_at = NOON.replace(minute=seed)
        for score in one.scores:
            score.public = None
        made.append(one)
    ask(rows, event)

    analyst.work()
    rows.expire_all()

    public = [{s.event_score_type.name: s.public for s in one.scores} for one in made]
    assert public[1] == public[0]
    assert public[2]["acc"] > public[0]["acc"]
    assert public[3] == public[2]
    # Only what moved the ladder has an interval that others may see.
    assert not queries.standing(rows, made[1].id).get("public")
    assert queries.standing(rows, made[1].id)["private"]


def test_an_event_without_results_is_soon_done(rows, event, analyst):
    ask(rows, event)

    assert analyst.work()
    assert queries.due(rows) == []


def test_a_score_that_does_not_decompose_is_resampled(scorer):
    kind = next(s for s in scorer.kit.score_types if s.name == "f1_70")
    truth = scorer._truth("all", -1).y_pred
    influence = Influence(kind, scorer._wrap, truth, None, scorer.folds)
    trains, tests = predict(scorer, 0.9, 1)
    rows = np.arange(len(truth))

    found = influence.of(trains, tests, {"valid": (trains[0], rows)})

    spread = np.linalg.norm(found["public_bagged"]) / len(found["public_bagged"])
    assert 0 < spread < 1
    assert found["public_bagged"].shape == found["public_mean"].shape
    assert np.load(io.BytesIO(npy(found["public_mean"]))).shape == (200,)


def test_influences_ask_the_kit_no_more_once_a_closed_form_has_proved_right(scorer, monkeypatch):
    kind = next(s for s in scorer.kit.score_types if s.name == "acc")
    truth = scorer._truth("all", -1).y_pred
    influence = Influence(kind, scorer._wrap, truth, None, scorer.folds)
    trains, tests = predict(scorer, 0.9, 1)
    bagged = {"valid": (trains[0], np.arange(len(truth)))}
    asked = [influence.of(trains, tests, bagged) for _ in range(20)]
    monkeypatch.setattr(type(kind), "score_function", None)

    found = influence.of(trains, tests, bagged)

    for name, vector in asked[0].items():
        np.testing.assert_array_equal(found[name], vector)


#: Where a vector should be: numpy refuses it deep inside.
CUBE = npy(np.ones((4, 4, 4)))


def other_event(rows, event):
    """Make a second event whose problem is not there: its analysis cannot but fail."""
    problem = make_problem(rows, "vanished", n_train=9, n_test=9)
    made = make_event(rows, "a_vanished_one", problem=problem)
    make_scored_submission(rows, make_event_team(rows, made), "orphan")
    ask(rows, made)
    return made


def runs_of(rows, event):
    rows.expire_all()
    found = task_queries.listing(rows, f"analysis of {event.name}")
    rows.commit()  # on SQLite a reader would lock the analyst out
    return found


def test_an_analysis_that_fails_holds_up_no_other_and_is_shown(
    rows, scorer, files, event, analyst, caplog
):
    lost = other_event(rows, event)
    mine = put(rows, scorer, files, make_event_team(rows, event), "mine", 0.5, 1)
    ask(rows, event)

    assert not analyst.work()

    assert queries.standing(rows, mine.id)["public"]
    assert queries.due(rows) == [lost.id]
    (run,) = runs_of(rows, lost)
    assert run.ok is False
    assert "vanished" in run.message
    assert f"analysis of event {lost.id} failed" in caplog.text
    finding = health.check_analyses(rows)
    assert (finding.level, lost.name in finding.what) == ("yellow", True)
    (alarm,) = monitoring.alarms(rows, {}, now=NOON)
    assert lost.name in alarm.what
    assert "cron" not in alarm.mend


def test_what_is_no_error_of_databoards_is_survived_too(
    rows, scorer, files, event, analyst, caplog
):
    place = make_event_team(rows, event)
    odd = put(rows, scorer, files, place, "odd", 0.5, 1)
    for board in ("bagged", "mean"):
        for part in ("public", "private"):
            official = event.official_score.id
            analyst.influences.write(odd.folder, 1, f"{part}_{board}_{official}", CUBE)
    analyst.influences.finish(odd.folder, 1, event.official_score.id)
    ask(rows, event)

    assert not analyst.work()

    assert "Traceback" in caplog.text
    (run,) = runs_of(rows, event)
    assert run.ok is False


def test_a_failing_analysis_is_tried_again_later_and_later_and_its_recovery_told(
    rows, scorer, files, event, analyst, monkeypatch
):
    monkeypatch.setattr("databoard.training.analyst.RETRY_S", 0.6)
    mine = put(rows, scorer, files, make_event_team(rows, event), "mine", 0.5, 1)
    name = f"public_{event.ranking}_{event.official_score.id}"
    analyst.influences.write(mine.folder, 1, name, CUBE)
    analyst.influences.finish(mine.folder, 1, event.official_score.id)
    ask(rows, event)

    assert not analyst.work()
    assert not analyst.work()  # not yet its turn again: nothing is tried
    assert len(runs_of(rows, event)) == 1
    time.sleep(0.7)
    assert not analyst.work()
    time.sleep(0.7)
    assert not analyst.work()  # it waits twice as long now
    assert len(runs_of(rows, event)) == 2
    shutil.rmtree(analyst.influences.root / mine.folder)
    put_files(scorer, files, mine, 0.5, 1)
    rows.commit()
    time.sleep(1.2)

    assert analyst.work()

    last, *_ = runs_of(rows, event)
    assert (last.ok, last.message) == (True, "well again")
    assert health.check_analyses(rows).level == "green"
    assert queries.standing(rows, mine.id)["public"]


def test_one_team_that_predicts_nonsense_does_not_take_the_intervals_from_a_board(
    rows, scorer, files, event, analyst
):
    place = make_event_team(rows, event)
    good = [put(rows, scorer, files, place, f"good{i}", 0.3 + i, i) for i in range(3)]
    for number, size in enumerate((np.inf, np.nan, 1e200)):
        wild = put(rows, scorer, files, place, f"wild{number}", 0.5, 7)
        for kind in ("public_bagged", "public_mean", "private_bagged", "private_mean"):
            vector = npy(np.full(len(scorer.y_train), size))
            name = f"{kind}_{event.official_score.id}"
            analyst.influences.write(wild.folder, 1, name, vector)
        analyst.influences.finish(wild.folder, 1, event.official_score.id)
    ask(rows, event)

    assert analyst.work()

    assert all(queries.standing(rows, one.id).get("public") for one in good)


def test_identical_submissions_are_analysed(rows, scorer, files, event, analyst):
    places = [make_event_team(rows, event) for _ in range(3)]
    made = [put(rows, scorer, files, place, "same", 0.5, 1) for place in places]
    ask(rows, event)

    assert analyst.work()

    found = [queries.standing(rows, one.id)["public"] for one in made]
    assert {one.tie_group for one in found} == {0}
    assert sum(one.p_win for one in found) == pytest.approx(1)


def test_a_blend_is_answered_with_what_the_members_score_together(
    rows, scorer, files, event, analyst
):
    place = make_event_team(rows, event)
    made = [put(rows, scorer, files, place, f"s{i}", 0.8 + i, seed=i) for i in range(2)]
    user = make_user(rows, "asker")
    question = blends.ask(rows, event, user, {made[0].id: 3, made[1].id: 1}, now=NOON)
    alone = blends.ask(rows, event, user, {made[1].id: 7}, now=NOON)
    rows.commit()

    Answerer(analyst.sessions, analyst.engine, files).answer_all()

    rows.refresh(question)
    rows.refresh(alone)
    folds = [predict(scorer, 0.8 + i, i)[0] for i in range(2)]
    mixed = [(3 * one + other) / 4 for one, other in zip(*folds, strict=True)]
    assert question.answer == pytest.approx(scorer.bag(mixed, [])["valid"][-1])
    shown = {score.event_score_type.name: score.public for score in made[1].scores}
    assert alone.answer == pytest.approx(shown)


def test_a_blend_of_what_is_gone_is_refused_with_the_reason(rows, scorer, files, event, analyst):
    made = put(rows, scorer, files, make_event_team(rows, event), "gone", 0.8)
    question = blends.ask(rows, event, make_user(rows, "asker"), {made.id: 1}, now=NOON)
    rows.commit()
    shutil.rmtree(files.folder(made.folder))

    Answerer(analyst.sessions, analyst.engine, files).answer_all()

    rows.refresh(question)
    assert "predictions of one of the submissions are gone" in question.error


def test_a_blend_that_fails_in_an_unknown_way_holds_up_no_other(
    rows, scorer, files, event, analyst
):
    place = make_event_team(rows, event)
    odd, good = (put(rows, scorer, files, place, name, 0.8) for name in ("odd", "good"))
    user = make_user(rows, "asker")
    first, second = (blends.ask(rows, event, user, {made.id: 1}, now=NOON) for made in (odd, good))
    rows.commit()
    path = files.fold_path(odd.folder, 0, "y_pred_train.npy")
    path.unlink()
    path.mkdir()

    Answerer(analyst.sessions, analyst.engine, files).answer_all()

    rows.refresh(first)
    rows.refresh(second)
    assert first.error == "It could not be computed: IsADirectoryError"
    assert second.answer


def test_a_blend_that_fails_by_our_fault_is_tried_again_for_a_while(
    rows, scorer, files, event, analyst
):
    made = put(rows, scorer, files, make_event_team(rows, event), "odd", 0.8)
    user, now = make_user(rows, "asker"), datetime.now(UTC)
    question = blends.ask(rows, event, user, {made.id: 1}, now=now)
    too_old = blends.ask(rows, event, user, {made.id: 2}, now=now - answering.PATIENCE)
    rows.commit()
    path = files.fold_path(made.folder, 0, "y_pred_train.npy")
    kept = path.rename(path.with_suffix(".away"))
    path.mkdir()
    answerer = Answerer(analyst.sessions, analyst.engine, files)

    answerer.answer_all()
    rows.refresh(question)
    rows.refresh(too_old)
    assert question.answered_at is None
    assert too_old.error == "It could not be computed: IsADirectoryError"
    rows.commit()

    path.rmdir()
    kept.rename(path)
    answerer.answer_all()
    rows.refresh(question)
    assert question.answered_at is None, "not before a pause"
    rows.commit()

    Answerer(analyst.sessions, analyst.engine, files).answer_all()  # remembers no pause
    rows.refresh(question)
    assert question.answer


def test_an_analysis_that_is_stopped_stays_due(rows, scorer, files, event, analyst):
    made = put(rows, scorer, files, make_event_team(rows, event), "late", 0.5)
    ask(rows, event)

    analyst.stop()
    analyst.work()

    assert queries.due(rows) == [event.id]
    rows.commit()
    assert Analyst(analyst.sessions, analyst.engine, files.root).work()
    rows.expire_all()
    assert queries.due(rows) == []
    assert queries.standing(rows, made.id)["public"]


def test_predictions_that_overflow_together_take_the_places_from_nobody(
    rows, problems, files, engine_of_rows, engine, caplog
):  # L8
    scorer = Scorer("diabetes_kit", None, problems)
    problem = make_problem(
        rows, "diabetes_kit", n_train=len(scorer.y_train), n_test=len(scorer.y_test)
    )
    official = make_score_type(rows, "rmse", is_lower_the_better=True, maximum=np.inf)
    event = make_event(rows, "sugar", problem=problem, score_types=[official], n_folds=3)
    for fold, (train, valid) in zip(event.folds, scorer.folds, strict=True):
        fold.train_is, fold.valid_is = train, valid
    truth, tests = scorer.y_train.astype(float), np.zeros(len(scorer.y_test))
    made = []
    for number, noise in enumerate((3.0, 4.0, 50.0)):
        one = make_scored_submission(rows, make_event_team(rows, event), f"one{number}")
        made.append(one)
        for i in range(3):
            y_pred = truth + noise * np.random.default_rng(i).normal(size=len(truth))
            # As a server took them that knew no limit: each alone is scored.
            huge = np.where(np.arange(len(tests)) == i, 1.7e308 * (i == number), tests)
            files.write_fold(one.folder, i, "y_pred_train.npy", stored(y_pred))
            files.write_fold(one.folder, i, "y_pred_test.npy", stored(huge))
    ask(rows, event)
    analyst = Analyst(make_sessions(engine_of_rows), engine, files.root)

    assert analyst.work()

    assert "no best combination" in caplog.text
    places = [queries.standing(rows, one.id)["public"] for one in made]
    assert all(place.rank_low >= 1 for place in places)


class Fickle:
    """A score that stops on most mixtures, and calls the others no number."""

    name, is_lower_the_better = "fickle", True

    def score_function(self, truth, y_pred):
        values = y_pred.y_pred
        if len(np.unique(values)) > 1:
            raise ValueError("a mixture")
        return float("nan") if values[0] == 2 else float(values[0])


def test_a_score_that_fails_on_mixtures_spoils_no_blend():
    Predictions = rampwf.prediction_types.make_regression()
    truth = Predictions(y_true=np.zeros(3))
    blend = FoldBlend(Fickle(), truth, lambda y: Predictions(y_pred=y), "regression")

    told = [blend.add(np.asarray(one, float), 5) for one in ([3, 3, 3], [1, 2, 3], [1, 1, 1])]

    assert told == [(None, 3.0), (3.0, 3.0), (3.0, 1.0)]
    assert blend.found.selected == (2,)


def one_more(rows, scorer, files, event, place, number, noise=0.9, **fields):
    """Put one more result onto the board, as it comes: asked for as a result, nothing else."""
    when = NOON + timedelta(minutes=number)
    made = put(
        rows, scorer, files, place, f"s{number}", noise, number, ended_at=when, **fields
    )  # fmt: skip
    events.touch(rows, event.id, analyse=True, is_result=True)
    rows.commit()
    return made


def told(rows, event):
    """Shares and places as they are stored."""
    rows.expire_all()
    found = queries.candidates(rows, event.id)
    shares = {key: own for key, (own, _) in queries.shares(rows, event.id).items()}
    places = {}
    for one in found:
        for board, row in queries.standing(rows, one.id).items():
            places[one.id, board] = (row.rank_low, row.rank_high, row.tie_group)
    rows.commit()
    return shares, places


@pytest.mark.parametrize("most", [400, 4])
def test_results_one_by_one_say_what_all_at_once_say(
    rows, scorer, files, event, analyst, engine, engine_of_rows, monkeypatch, most
):
    for name in ("MAX_BLENDED", "MOST_LEARNT"):
        monkeypatch.setattr(f"databoard.training.analyst.{name}", most)
    teams = [make_event_team(rows, event) for _ in range(3)]
    for number in range(9):
        one_more(rows, scorer, files, event, teams[number % 3], number, 0.5 + number % 4 / 2)
        assert analyst.work()
    shares, places = told(rows, event)

    ask(rows, event)
    kit = engine.kit("flowers", "flowers", _plan(rows, event.id).terms)
    kit.learnt("acc", forget=True)
    rows.execute(update(type(event)).values(standings_of=""))
    rows.commit()
    fresh = Analyst(make_sessions(engine_of_rows), engine, files.root)
    assert fresh.work()

    assert told(rows, event) == (pytest.approx(shares), places)
    assert sum(shares.values()) == pytest.approx(1)
    assert len(places) == 2 * 9


@pytest.mark.slow
def test_one_more_result_costs_the_same_however_many_there_are(
    rows, scorer, files, event, analyst, engine_of_rows, monkeypatch, request
):
    """Counted in rows that the database hands over: what is listed is what is paid for."""
    if engine_of_rows.dialect.name != "sqlite":
        pytest.skip("counted by SQLite")
    for module in ("analysis", "standings"):
        monkeypatch.setattr(f"databoard.services.{module}.MAX_RANKED", 3)
    for name in ("MAX_BLENDED", "MOST_LEARNT"):
        monkeypatch.setattr(f"databoard.training.analyst.{name}", 3)
    place = make_event_team(rows, event)
    for number in range(4):
        one_more(rows, scorer, files, event, place, number, 0.1)
    assert analyst.work()

    def steps(number):
        """Steps that the database takes for the analysis of one result among the last."""
        one_more(rows, scorer, files, event, place, number, 5.0)
        counted = [0]

        def count():
            counted[0] += 1
            return 0

        def watch(connection, *_):
            connection.set_progress_handler(count, 10)

        listen(engine_of_rows, "checkout", watch)
        assert analyst.work()
        remove(engine_of_rows, "checkout", watch)
        engine_of_rows.dispose()
        return counted[0]

    steps(10)
    few = steps(11)
    for number in range(20, 80):
        make_scored_submission(rows, place, f"old{number}", score=0.01, awaits_analysis=False)
    rows.commit()
    many = steps(12)

    assert many <= 1.2 * few


def test_what_another_trainer_found_is_not_taken_for_known(
    rows, scorer, files, event, analyst, engine, engine_of_rows
):
    place = make_event_team(rows, event)
    for number in range(2):
        one_more(rows, scorer, files, event, place, number)
        assert analyst.work()
    other = Analyst(make_sessions(engine_of_rows), engine, files.root)
    best = one_more(rows, scorer, files, event, place, 2, 0.01)
    assert other.work()
    one_more(rows, scorer, files, event, place, 3, 3.0)

    assert analyst.work()

    shares, places = told(rows, event)
    assert shares == {best.id: pytest.approx(1)}
    assert places[best.id, "public"][0] == 1
    assert len(places) == 2 * 4


def test_a_scorer_that_was_started_anew_is_told_about_all_again(
    rows, scorer, files, event, analyst, engine
):
    place = make_event_team(rows, event)
    best = one_more(rows, scorer, files, event, place, 0, 0.01)
    assert analyst.work()
    kit = engine.kit("flowers", "flowers", _plan(rows, event.id).terms)
    rows.commit()
    kit.learnt("acc", forget=True)
    one_more(rows, scorer, files, event, place, 1, 3.0)

    assert analyst.work()

    assert told(rows, event)[0] == {best.id: pytest.approx(1)}
    assert len(kit.learnt("acc")["keys"]) == 2
