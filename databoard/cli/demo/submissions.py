"""What the demo's teams submit: good and bad, slow and broken, all really trained."""

from __future__ import annotations

from dataclasses import dataclass

CLASSIFIER = """\
import numpy as np
from sklearn.base import BaseEstimator
{imports}

class Classifier(BaseEstimator):
    def fit(self, X, y):
{before}        self.model = {model}
        self.model.fit(np.reshape(X, (len(X), -1)), y)
        return self

    def predict_proba(self, X):
        return {proba}
"""

REGRESSOR = """\
import numpy as np
from sklearn.base import BaseEstimator
{imports}

class Regressor(BaseEstimator):
    def fit(self, X, y):
{before}        self.model = {model}
        self.model.fit(np.reshape(X, (len(X), -1)), np.ravel(y))
        return self

    def predict(self, X):
        return self.model.predict(np.reshape(X, (len(X), -1)))
"""

PROBA = "self.model.predict_proba(np.reshape(X, (len(X), -1)))"


@dataclass(frozen=True)
class DemoSubmission:
    """A submission to an event whose workflow has one element."""

    event: str
    team: str
    name: str
    filename: str
    source: str

    @property
    def files(self) -> dict[str, bytes]:
        """Its files by name."""
        return {self.filename: self.source.encode()}


def _imports(names: str) -> str:
    """Write imports from scikit-learn: ``"svm.SVC tree.DecisionTreeClassifier"``."""
    pairs = (name.rsplit(".", 1) for name in names.split())
    return "".join(f"from sklearn.{module} import {name}\n" for module, name in pairs)


def classifier(
    event: str,
    team: str,
    name: str,
    model: str,
    imports: str,
    *,
    before: str = "",
    proba: str = PROBA,
) -> DemoSubmission:
    """Make a submission of ``classifier.py``."""
    source = CLASSIFIER.format(
        imports=_imports(imports), model=model, before=_indented(before), proba=proba
    )
    return DemoSubmission(event, team, name, "classifier.py", source)


def regressor(
    event: str, team: str, name: str, model: str, imports: str, *, before: str = ""
) -> DemoSubmission:
    """Make a submission of ``regressor.py``."""
    source = REGRESSOR.format(imports=_imports(imports), model=model, before=_indented(before))
    return DemoSubmission(event, team, name, "regressor.py", source)


def _indented(statements: str) -> str:
    return "".join(f"        {line}\n" for line in statements.splitlines())


SCALED = "pipeline.make_pipeline preprocessing.StandardScaler"
LOGISTIC = "make_pipeline(StandardScaler(), LogisticRegression(C={C}, max_iter=1000))"

SUBMISSIONS = (
    # Iris: everything that can happen to a submission
    classifier(
        "iris",
        "dssp",
        "logistic",
        LOGISTIC.format(C=1),
        f"{SCALED} linear_model.LogisticRegression",
    ),
    classifier(
        "iris",
        "dssp",
        "logistic_strong",
        LOGISTIC.format(C=100),
        f"{SCALED} linear_model.LogisticRegression",
    ),
    classifier(
        "iris",
        "forest_rangers",
        "forest",
        "RandomForestClassifier(n_estimators=50, random_state=0)",
        "ensemble.RandomForestClassifier",
    ),
    classifier(
        "iris",
        "forest_rangers",
        "extra_trees",
        "ExtraTreesClassifier(n_estimators=100, random_state=0)",
        "ensemble.ExtraTreesClassifier",
    ),
    classifier("iris", "lovelace", "bayes", "GaussianNB()", "naive_bayes.GaussianNB"),
    classifier(
        "iris",
        "lovelace",
        "discriminant",
        "LinearDiscriminantAnalysis()",
        "discriminant_analysis.LinearDiscriminantAnalysis",
    ),
    classifier(
        "iris", "gauss", "neighbours", "KNeighborsClassifier(7)", "neighbors.KNeighborsClassifier"
    ),
    classifier("iris", "gauss", "always_the_same", "DummyClassifier()", "dummy.DummyClassifier"),
    classifier(
        "iris",
        "gauss",
        "slow",
        "GaussianNB()",
        "naive_bayes.GaussianNB",
        before='import time\nprint("thinking ...", flush=True)\ntime.sleep(3)',
    ),
    classifier(
        "iris",
        "hopper",
        "raises",
        "GaussianNB()",
        "naive_bayes.GaussianNB",
        before='raise ValueError("this fails in line 8, as the submission page tells")',
    ),
    classifier(
        "iris",
        "hopper",
        "wrong_shape",
        "GaussianNB()",
        "naive_bayes.GaussianNB",
        proba=PROBA + "[:, :2]",
    ),
    # Digits
    classifier(
        "digits",
        "dssp",
        "logistic",
        LOGISTIC.format(C=0.1),
        f"{SCALED} linear_model.LogisticRegression",
    ),
    classifier(
        "digits",
        "forest_rangers",
        "forest",
        "RandomForestClassifier(n_estimators=60, random_state=0)",
        "ensemble.RandomForestClassifier",
    ),
    classifier(
        "digits",
        "forest_rangers",
        "tree",
        "DecisionTreeClassifier(random_state=0)",
        "tree.DecisionTreeClassifier",
    ),
    classifier(
        "digits", "gauss", "neighbours", "KNeighborsClassifier(5)", "neighbors.KNeighborsClassifier"
    ),
    classifier(
        "digits",
        "lovelace",
        "discriminant",
        "LinearDiscriminantAnalysis()",
        "discriminant_analysis.LinearDiscriminantAnalysis",
    ),
    classifier(
        "digits",
        "hopper",
        "forgets_to_predict",
        "GaussianNB()",
        "naive_bayes.GaussianNB",
        proba="None",
    ),
    # Diabetes
    regressor(
        "diabetes",
        "dssp",
        "ridge",
        "make_pipeline(StandardScaler(), Ridge(alpha=10))",
        f"{SCALED} linear_model.Ridge",
    ),
    regressor("diabetes", "dssp", "lasso", "Lasso(alpha=1)", "linear_model.Lasso"),
    regressor(
        "diabetes",
        "forest_rangers",
        "forest",
        "RandomForestRegressor(n_estimators=60, min_samples_leaf=5, random_state=0)",
        "ensemble.RandomForestRegressor",
    ),
    regressor(
        "diabetes",
        "forest_rangers",
        "boosting",
        "GradientBoostingRegressor(n_estimators=60, max_depth=2, random_state=0)",
        "ensemble.GradientBoostingRegressor",
    ),
    regressor(
        "diabetes",
        "gauss",
        "neighbours",
        "make_pipeline(StandardScaler(), KNeighborsRegressor(20))",
        f"{SCALED} neighbors.KNeighborsRegressor",
    ),
    regressor("diabetes", "gauss", "the_mean", "DummyRegressor()", "dummy.DummyRegressor"),
    regressor(
        "diabetes",
        "hopper",
        "imports_what_is_not_there",
        "Ridge()",
        "linear_model.Ridge",
        before="import tensorflow_of_my_dreams",
    ),
)
