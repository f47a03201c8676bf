"""Two targets: a class, and a number that may depend on it.

The regressor's feature extractor sees one column per class beside X: the truth in training, the
classifier's probabilities afterwards. y has two columns, class and number; predictions have the
probabilities and then the number.
"""

from importlib import import_module

import numpy as np

element_names = ["feature_extractor_clf", "classifier", "feature_extractor_reg", "regressor"]


def with_classes(X_df, labels, probabilities):
    return X_df.assign(**{str(label): probabilities[:, i] for i, label in enumerate(labels)})


def train_submission(module_path, X_df, y_array, train_is):
    X_train = X_df.iloc[train_is]
    y_class = y_array[train_is, 0].astype(str)
    y_number = y_array[train_is, 1].astype(float)
    labels = np.unique(y_class)

    extractor_clf = import_module(".feature_extractor_clf", module_path).FeatureExtractorClf()
    extractor_clf.fit(X_train, y_class)
    classifier = import_module(".classifier", module_path).Classifier()
    classifier.fit(extractor_clf.transform(X_train), y_class)

    X_known = with_classes(X_train, labels, y_class[:, np.newaxis] == labels)
    extractor_reg = import_module(".feature_extractor_reg", module_path).FeatureExtractorReg()
    extractor_reg.fit(X_known, y_number)
    regressor = import_module(".regressor", module_path).Regressor()
    regressor.fit(extractor_reg.transform(X_known), y_number)
    return labels, extractor_clf, classifier, extractor_reg, regressor


def test_submission(trained_model, X_df, test_is):
    labels, extractor_clf, classifier, extractor_reg, regressor = trained_model
    X_test = X_df.iloc[test_is]
    probabilities = classifier.predict_proba(extractor_clf.transform(X_test))
    X_known = with_classes(X_test, labels, probabilities)
    number = regressor.predict(extractor_reg.transform(X_known))
    return np.column_stack([probabilities, np.asarray(number).ravel()])
