"""Libraries that bring threads and processes of their own, in every tier that this machine has.

They come from an environment of the problem's own. What they see of the machine is the limit of
cores, and what they start ends with the box.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from databoard.errors import BusyError
from databoard.training import box
from databoard.training.engine import Engine
from databoard.training.environments import building
from databoard.training.environments.recipe import parse
from databoard.training.wire import FoldResult, FoldTask, Limits
from tests.training.world import write_kit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # gigabytes are installed, once

REQUIREMENTS = "lightgbm>=4.6,<5\nxgboost>=3,<4\ntorch==2.13.0\n"

CLASSIFIER = """
import sys
import numpy as np
{imports}

class Classifier:
    def fit(self, X, y):
        {fit}

    def predict_proba(self, X):
        return {predict}
"""
HALVES = "np.full((len(X), 2), 0.5)"
LIBRARIES = {
    "lightgbm": CLASSIFIER.format(
        imports="import lightgbm",
        fit="self.model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(X, y)",
        predict="self.model.predict_proba(X)",
    ),
    "xgboost": CLASSIFIER.format(
        imports="import xgboost",
        fit="self.model = xgboost.XGBClassifier(n_estimators=20).fit(X, y)",
        predict="self.model.predict_proba(X)",
    ),
    "torch": CLASSIFIER.format(
        imports="import torch",
        fit="""torch.manual_seed(1)
        X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2)
        )
        optimiser = torch.optim.Adam(self.model.parameters())
        for _ in range(20):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(self.model(X), y).backward()
            optimiser.step()
        large = torch.rand(600, 600)
        assert torch.isfinite(large @ large).all()
        print(torch.get_num_threads(), flush=True)""",
        predict="""torch.softmax(
            self.model(torch.tensor(X, dtype=torch.float32)), 1
        ).detach().double().numpy()""",
    ),
    "a grid search on all cores": CLASSIFIER.format(
        imports="""from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
""",
        fit="""self.model = GridSearchCV(
            LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3, n_jobs=-1
        ).fit(X, y)""",
        predict="self.model.predict_proba(X)",
    ),
    "a forest on all cores": CLASSIFIER.format(
        imports="from sklearn.ensemble import RandomForestClassifier",
        fit="self.model = RandomForestClassifier(20, n_jobs=-1).fit(X, y)",
        predict="self.model.predict_proba(X)",
    ),
}

CORES = CLASSIFIER.format(
    imports="""import os
import joblib
import torch
import threadpoolctl
""",
    fit="""counts = {
            "cpu_count": os.cpu_count(),
            "affinity": len(os.sched_getaffinity(0)),
            "omp": int(os.environ["OMP_NUM_THREADS"]),
            "joblib": joblib.cpu_count(),
            "torch": torch.get_num_threads(),
        }
        print(counts, flush=True)""",
    predict=HALVES,
)
POOL = CLASSIFIER.format(
    imports="import multiprocessing",
    fit="""try:
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print("pool", pool.map(abs, [-1, -2]), flush=True)
        except OSError as error:
            print("no pool", type(error).__name__, flush=True)""",
    predict=HALVES,
)
LOADER = CLASSIFIER.format(
    imports="import torch",
    fit="""data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
        loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=1)
        try:
            print("batches", sum(1 for _ in loader), flush=True)
        except (OSError, RuntimeError) as error:
            print("no loader", type(error).__name__, flush=True)""",
    predict=HALVES,
)


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("libraries")
    for folder in (root, root.parent):
        folder.chmod(0o755)
    write_kit(root / "problems").joinpath("requirements.txt").write_text(REQUIREMENTS)
    try:
        building.make(parse(REQUIREMENTS), root / "environments", "sides")
    except BusyError as error:
        pytest.skip(str(error))
    return root / "problems"


@pytest.fixture(scope="module", params=["full", "ns", "landlock", "none"])
def engine(request: pytest.FixtureRequest, problems: Path) -> Iterator[Engine]:
    nothing = box.refusal(["asked for"])
    isolation = nothing if request.param == "none" else box.detect((request.param,))
    if isolation.tier != request.param:
        pytest.skip("; ".join(isolation.notes))
    one = Engine(
        problems, slots=2, min_isolation="landlock", allow_unsafe=True, isolation=isolation
    )
    yield one
    one.close()


@pytest.fixture
def train(engine: Engine, tmp_path: Path) -> Callable[[str, int], FoldResult]:
    def run(code: str, cores: int = 2) -> FoldResult:
        (tmp_path / "classifier.py").write_text(code)
        limits = Limits(seconds=120, memory_mb=2048, disk_mb=256, cores=cores)
        task = FoldTask(tmp_path, "sides", None, 0, limits, log="full")
        return engine.train_fold(task).result(150)

    return run


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_trains(train: Callable[..., FoldResult], engine: Engine, name: str) -> None:
    result = train(LIBRARIES[name])

    assert result.verdict.is_ok, (result.verdict, result.log)
    assert set(engine.kit("sides").score(0, result)) == {"train", "valid", "test"}


@pytest.mark.parametrize("cores", [1, 2])
def test_libraries_see_the_limit_of_cores(
    train: Callable[..., FoldResult], engine: Engine, cores: int
) -> None:
    result = train(CORES, cores)

    assert result.verdict.is_ok, (result.verdict, result.log)
    seen = ast.literal_eval(result.log.decode().splitlines()[-1])
    if engine.isolation.tier == "landlock":
        # joblib has no processes there, and torch sees nothing of the machine: each takes one.
        assert {seen.pop("joblib"), seen.pop("torch")} <= {1, cores}
    assert set(seen.values()) == {cores}, result.log


def test_pools_of_processes_work_where_there_are_namespaces(
    train: Callable[..., FoldResult], engine: Engine
) -> None:
    has_processes = engine.isolation.tier != "landlock"
    for code, works, falls_back in (
        (POOL, b"pool [1, 2]", b"no pool"),
        (LOADER, b"batches", b"no"),
    ):
        result = train(code)

        assert result.verdict.is_ok, (result.verdict, result.log)
        assert (works if has_processes else falls_back) in result.log, result.log
