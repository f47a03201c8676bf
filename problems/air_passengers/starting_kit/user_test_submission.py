"""Train the submission in this folder on the public data and print every score of the event.

Needs numpy, pandas and scikit-learn. The server trains on other, private rows, and its scores
count; these tell whether a submission works, and roughly how well.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from feature_extractor import FeatureExtractor
from regressor import Regressor
from sklearn.model_selection import ShuffleSplit


def read_public_data():
    table = pd.read_csv(Path(__file__).parent / "public_train.csv")
    return table.drop(columns="log_PAX"), table["log_PAX"].to_numpy()


def train_submission(X, y, train_is):
    X_train, y_train = X.iloc[train_is], y[train_is]
    extractor = FeatureExtractor()
    extractor.fit(X_train, y_train)
    regressor = Regressor()
    regressor.fit(extractor.transform(X_train), y_train)
    return extractor, regressor


def test_submission(model, X, test_is):
    extractor, regressor = model
    return regressor.predict(extractor.transform(X.iloc[test_is]))


def rmse(y_true, y_pred):
    return np.sqrt(np.mean((y_true - y_pred) ** 2))


SCORES = {"rmse": rmse}


def main():
    X, y = read_public_data()
    folds = list(ShuffleSplit(n_splits=6, test_size=0.3, random_state=57).split(y))
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
