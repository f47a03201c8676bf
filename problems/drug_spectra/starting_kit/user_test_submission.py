"""Train the submission in this folder on the public data and print every score of the event.

Needs numpy, pandas and scikit-learn. The server trains on other, private rows, and its scores
count; these tell whether a submission works, and roughly how well.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from classifier import Classifier
from feature_extractor_clf import FeatureExtractorClf
from feature_extractor_reg import FeatureExtractorReg
from regressor import Regressor
from sklearn.model_selection import StratifiedShuffleSplit

LABELS = ["A", "B", "Q", "R"]


def read_public_data():
    """Read X, whose column ``spectra`` holds lists, and y of columns molecule, concentration."""
    table = pd.read_csv(Path(__file__).parent / "public_train.csv")
    targets = ["molecule", "concentration"]
    X = table.drop(columns=targets)
    X["spectra"] = [json.loads(text) for text in X["spectra"]]
    return X, table[targets].to_numpy(dtype=object)


def with_classes(X, y_proba):
    return X.assign(**{label: y_proba[:, i] for i, label in enumerate(LABELS)})


def train_submission(X, y, train_is):
    X_train = X.iloc[train_is]
    molecules, concentrations = y[train_is, 0].astype(str), y[train_is, 1].astype(float)
    extractor_clf = FeatureExtractorClf()
    extractor_clf.fit(X_train, molecules)
    classifier = Classifier()
    classifier.fit(extractor_clf.transform(X_train), molecules)
    # The regressor knows the true molecules in training and the probable ones afterwards.
    X_known = with_classes(X_train, molecules[:, np.newaxis] == np.array(LABELS))
    extractor_reg = FeatureExtractorReg()
    extractor_reg.fit(X_known, concentrations)
    regressor = Regressor()
    regressor.fit(extractor_reg.transform(X_known), concentrations)
    return extractor_clf, classifier, extractor_reg, regressor


def test_submission(model, X, test_is):
    extractor_clf, classifier, extractor_reg, regressor = model
    y_proba = classifier.predict_proba(extractor_clf.transform(X.iloc[test_is]))
    X_known = with_classes(X.iloc[test_is], y_proba)
    return np.column_stack([y_proba, regressor.predict(extractor_reg.transform(X_known))])


def error(y_true, y_pred):
    return np.mean(np.array(LABELS)[np.argmax(y_pred[:, :-1], axis=1)] != y_true[:, 0])


def mare(y_true, y_pred):
    concentrations = y_true[:, 1].astype(float)
    return np.mean(np.abs((concentrations - y_pred[:, -1]) / concentrations))


def combined(y_true, y_pred):
    return (2 * error(y_true, y_pred) + mare(y_true, y_pred)) / 3


SCORES = {"combined": combined, "err": error, "mare": mare}


def main():
    X, y = read_public_data()
    folds = list(
        StratifiedShuffleSplit(n_splits=5, test_size=0.2, random_state=57).split(y, y[:, 0])
    )
    scores = {name: [] for name in SCORES}
    for train_is, valid_is in folds:
        model = train_submission(X, y, train_is)
        y_pred = test_submission(model, X, valid_is)
        for name, score in SCORES.items():
            scores[name].append(score(y[valid_is], y_pred))
    print(f"{len(y)} public rows, {len(folds)} folds: mean and spread of the validation scores")
    for name, values in scores.items():
        print(f"{name:>10} {np.mean(values):.3f} +- {np.std(values):.3f}")


if __name__ == "__main__":
    main()
