"""Every act, in every tier: it gains nothing, harms nothing, and ends as it must."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from databoard.training.cgroups import find
from databoard.training.wire import FoldResult, FoldTask
from tests.attacks.conftest import ACTS, Act, Arena
from tests.attacks.kit import SUBMISSION

MARK = "CANARY"
#: For all acts before it as well, on a machine that has other things to do.
PATIENCE_S = 100


def _leaving(result: FoldResult) -> str:
    """All that leaves a box, for whomever."""
    verdict = result.verdict
    parts = [verdict.message, verdict.traceback, verdict.file]
    raw = (
        result.log + result.hidden_log + (result.y_pred_train or b"") + (result.y_pred_test or b"")
    )
    return "\n".join([*parts, raw.decode("latin1")])


def _seen_by_team(result: FoldResult) -> str:
    verdict = result.verdict
    traceback = verdict.traceback if verdict.is_public else ""
    log = result.log.decode("latin1") if result.log_is_public else ""
    return "\n".join([verdict.message, verdict.file, traceback, log])


def _check(arena: Arena, act: Act, fold: int, result: FoldResult) -> None:
    verdict = result.verdict
    allowed = act.endings(arena.tier)
    endings = {(verdict.state, ""), (verdict.state, verdict.limit)}
    assert endings & set(allowed), (verdict, result.log[-2000:])
    leaving = _leaving(result)
    found = leaving.find(MARK)
    assert found < 0, leaving[found : found + 300]
    assert verdict.fault == (None if verdict.is_ok else "team")
    assert act.words in verdict.message
    # No file and no database refuses what is kept of it.
    assert "\0" not in verdict.traceback.encode().decode()
    if verdict.is_ok:
        assert arena.engine.kit("coins").score(fold, result) == arena.honest[fold]
    # L11: what the team may read is short, printable, and knows nothing of the test rows.
    seen = _seen_by_team(result)
    assert "LATE" not in seen
    assert len(verdict.message) <= 200
    assert verdict.message.isprintable()
    assert len(result.log) + len(result.hidden_log) <= 16 * 1024


@pytest.mark.parametrize("path", ACTS, ids=lambda path: path.stem)
def test_an_act_gains_nothing(arena: Arena, path: Path) -> None:  # checklist 18
    act = Act(path)

    result = arena.futures[path.stem].result(PATIENCE_S)

    _check(arena, act, 0, result)
    for fold in range(1, act.n_folds):
        _check(arena, act, fold, arena.submit(act, fold).result(PATIENCE_S))


def test_nobody_came_to_the_sockets(arena: Arena) -> None:  # X1
    assert not arena.target.was_reached()


def test_no_process_and_no_group_is_left(arena: Arena) -> None:  # X5, R20
    for future in arena.futures.values():
        future.result(PATIENCE_S)

    deadline = time.monotonic() + 2
    while arena.processes() > arena.n_processes and time.monotonic() < deadline:
        time.sleep(0.02)

    assert arena.processes() <= arena.n_processes
    if arena.tier == "full":
        mine = f"databoard-{os.getpid()}-*"  # other trainers may run here
        left = [p.name for parent in find().parents for p in parent.glob(mine)]
        assert left == []


def test_an_honest_submission_still_scores(arena: Arena) -> None:  # X4, X7, X11
    folder = arena.target.submission("afterwards", SUBMISSION)

    result = arena.engine.train_fold(FoldTask(folder, "coins", None, 1)).result(PATIENCE_S)

    assert arena.engine.kit("coins").score(1, result) == arena.honest[1]
