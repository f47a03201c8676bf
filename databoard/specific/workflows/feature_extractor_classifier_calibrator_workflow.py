"""A feature extractor, a classifier, and a calibrator of its probabilities.

A tenth of the training rows is held out from the classifier for the calibrator. X is a list or an
array with an entry per row.
"""

from importlib import import_module

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit

element_names = ["feature_extractor", "classifier", "calibrator"]


def train_submission(module_path, X, y_array, train_is):
    X_train = [X[i] for i in train_is]
    y_train = np.asarray(y_array)[train_is]

    extractor = import_module(".feature_extractor", module_path).FeatureExtractor()
    extractor.fit(X_train, y_train)
    features = extractor.transform(X_train)

    cut = StratifiedShuffleSplit(n_splits=1, test_size=0.1, random_state=57)
    fit_is, calibrate_is = next(cut.split(features, y_train))
    classifier = import_module(".classifier", module_path).Classifier()
    classifier.fit(features[fit_is], y_train[fit_is])

    calibrator = import_module(".calibrator", module_path).Calibrator()
    calibrator.fit(classifier.predict_proba(features[calibrate_is]), y_train[calibrate_is])
    return extractor, classifier, calibrator


def test_submission(trained_model, X, test_is):
    extractor, classifier, calibrator = trained_model
    features = extractor.transform([X[i] for i in test_is])
    return calibrator.predict_proba(classifier.predict_proba(features))
