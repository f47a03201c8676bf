"""Train the submission in this folder on the public data and print every score of the event.

Needs numpy, pandas and scikit-learn. The server trains on other, private rows, and its scores
count; these tell whether a submission works, and roughly how well.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from calibrator import Calibrator
from classifier import Classifier
from feature_extractor import FeatureExtractor
from sklearn.model_selection import StratifiedShuffleSplit

LABELS = [1.0, 2.0, 3.0, 4.0]


def read_public_data():
    """Read X, a list with a dict per star, and y, an array of types."""
    here = Path(__file__).parent
    static = pd.read_csv(here / "public_train.csv", index_col="star")
    curves = pd.read_csv(here / "public_train_varlength_features.csv", index_col="star")
    columns = {
        name: [[float(number) for number in text[1:-1].split(",")] for text in curves[name]]
        for name in curves.columns
    }
    y = static.pop("type").to_numpy()
    stars = static.to_dict(orient="records")
    return [star | {name: columns[name][i] for name in columns} for i, star in enumerate(stars)], y


def train_submission(X, y, train_is):
    X_train, y_train = [X[i] for i in train_is], y[train_is]
    extractor = FeatureExtractor()
    extractor.fit(X_train, y_train)
    features = extractor.transform(X_train)
    # A tenth of the rows is held out for the calibrator, as on the server.
    cut = StratifiedShuffleSplit(n_splits=1, test_size=0.1, random_state=57)
    fit_is, calibrate_is = next(cut.split(features, y_train))
    classifier = Classifier()
    classifier.fit(features[fit_is], y_train[fit_is])
    calibrator = Calibrator()
    calibrator.fit(classifier.predict_proba(features[calibrate_is]), y_train[calibrate_is])
    return extractor, classifier, calibrator


def test_submission(model, X, test_is):
    extractor, classifier, calibrator = model
    features = extractor.transform([X[i] for i in test_is])
    return calibrator.predict_proba(classifier.predict_proba(features))


def accuracy(y_true, y_proba):
    return np.mean(np.argmax(y_proba, axis=1) == [LABELS.index(label) for label in y_true])


def negative_log_likelihood(y_true, y_proba):
    truth = [LABELS.index(label) for label in y_true]
    shares = y_proba[np.arange(len(truth)), truth] / y_proba.sum(axis=1)
    return -np.mean(np.log(np.clip(shares, np.finfo(float).eps, None)))


SCORES = {"acc": accuracy, "nll": negative_log_likelihood}


def main():
    X, y = read_public_data()
    folds = list(StratifiedShuffleSplit(n_splits=5, test_size=0.3, random_state=57).split(y, y))
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
