from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from databoard.kits.plugins import find_workflow
from tests.kits.small_kits import write

ECHO = """
import numpy as np


class {name}:
    def fit(self, X, y, **options):
        self.seen = X, y
        return self

    def transform(self, X):
        return np.asarray([[row] for row in X], dtype=float)

    def predict_proba(self, X):
        return np.tile([0.25, 0.75], (len(X), 1))

    def predict(self, X):
        return np.arange(len(X)) * 1.0
"""


def submission(folder: Path, **classes: str) -> str:
    files = {f"{module}.py": ECHO.format(name=name) for module, name in classes.items()}
    return str(write(folder / "submission_1", files))


@pytest.mark.parametrize(
    ("name", "filenames"),
    [
        (
            "feature_extractor_classifier_calibrator_workflow",
            ["feature_extractor", "classifier", "calibrator"],
        ),
        (
            "feature_extractor_classifier_regressor_workflow",
            ["feature_extractor_clf", "classifier", "feature_extractor_reg", "regressor"],
        ),
        (
            "feature_extractor_regressor_with_external_data_workflow",
            ["feature_extractor", "regressor", "external_data.csv"],
        ),
    ],
)
def test_a_workflow_of_the_manual_has_its_elements(name, filenames):  # checklist 27
    assert list(find_workflow(name).element_names) == filenames


def test_the_calibrator_sees_rows_that_the_classifier_does_not(tmp_path):  # checklist 28
    folder = submission(
        tmp_path,
        feature_extractor="FeatureExtractor",
        classifier="Classifier",
        calibrator="Calibrator",
    )
    workflow = find_workflow("feature_extractor_classifier_calibrator_workflow")
    X, y = list(range(60)), np.array(["a", "b"] * 30)

    model = workflow.train_submission(folder, X, y, np.arange(40))
    extractor, classifier, calibrator = model

    assert len(extractor.seen[0]) == 40
    assert (len(classifier.seen[1]), len(calibrator.seen[1])) == (36, 4)
    assert workflow.test_submission(model, X).shape == (60, 2)


def test_the_regressor_s_extractor_sees_the_classes(tmp_path):
    folder = submission(
        tmp_path,
        feature_extractor_clf="FeatureExtractorClf",
        classifier="Classifier",
        feature_extractor_reg="FeatureExtractorReg",
        regressor="Regressor",
    )
    spectra = tmp_path / "submission_1"
    for part, name in (("clf", "Clf"), ("reg", "Reg")):
        text = ECHO.format(name=f"FeatureExtractor{name}").replace(
            "for row in X]", "for row in X.x]"
        )
        write(spectra, {f"feature_extractor_{part}.py": text})
    workflow = find_workflow("feature_extractor_classifier_regressor_workflow")
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    y = np.array([["A", 1.0], ["B", 2.0], ["A", 3.0], ["B", 9.0]], dtype=object)

    model = workflow.train_submission(folder, X, y, np.array([0, 1, 2]))

    known = model[3].seen[0]
    assert known["A"].tolist() == [True, False, True]
    assert model[3].seen[1].tolist() == [1.0, 2.0, 3.0]
    y_pred = workflow.test_submission(model, X)
    assert y_pred.tolist() == [[0.25, 0.75, i] for i in range(4)]
    assert list(X.columns) == ["x"]


def test_the_extractor_finds_its_data_file_beside_it(tmp_path):
    extractor = (
        "import os\n\n\nclass FeatureExtractor:\n"
        "    def fit(self, X, y):\n        pass\n"
        "    def transform(self, X):\n"
        "        here = os.path.dirname(__file__)\n"
        "        return [open(os.path.join(here, 'external_data.csv')).read()] * len(X)\n"
    )
    regressor = (
        "class Regressor:\n    def fit(self, X, y):\n        pass\n"
        "    def predict(self, X):\n        return X\n"
    )
    folder = write(
        tmp_path / "submission_1",
        {"feature_extractor.py": extractor, "regressor.py": regressor, "external_data.csv": "7"},
    )
    workflow = find_workflow("feature_extractor_regressor_with_external_data_workflow")
    X = pd.DataFrame({"x": [1, 2]})

    model = workflow.train_submission(str(folder), X, np.array([1.0, 2.0]), np.array([0]))

    assert workflow.test_submission(model, X) == ["7", "7"]
