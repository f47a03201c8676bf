"""Train the submission in this folder on the public data and print every score of the event.

Needs numpy, pandas and scikit-learn. The server trains on other, private rows, and its scores
count; these tell whether a submission works, and roughly how well.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from classifier import Classifier
from sklearn.model_selection import StratifiedShuffleSplit

LABELS = ["setosa", "versicolor", "virginica"]


def read_public_data():
    table = pd.read_csv(Path(__file__).parent / "public_train.csv")
    return table.drop(columns="species").to_numpy(), table["species"].to_numpy()


def train_submission(X, y, train_is):
    classifier = Classifier()
    classifier.fit(X[train_is], y[train_is])
    return classifier


def test_submission(classifier, X, test_is):
    return classifier.predict_proba(X[test_is])


def accuracy(y_true, y_proba):
    return np.mean(np.argmax(y_proba, axis=1) == [LABELS.index(label) for label in y_true])


def negative_log_likelihood(y_true, y_proba):
    truth = [LABELS.index(label) for label in y_true]
    shares = y_proba[np.arange(len(truth)), truth] / y_proba.sum(axis=1)
    return -np.mean(np.log(np.clip(shares, np.finfo(float).eps, None)))


def error(y_true, y_proba):
    return 1 - accuracy(y_true, y_proba)


SCORES = {"acc": accuracy, "error": error, "nll": negative_log_likelihood}


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
