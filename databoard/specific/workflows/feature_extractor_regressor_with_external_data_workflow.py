"""A feature extractor and a regressor; the extractor reads the submission's own data file.

The file lies beside the extractor: ``os.path.dirname(__file__)`` is where it finds it.
"""

from importlib import import_module

element_names = ["feature_extractor", "regressor", "external_data.csv"]


def train_submission(module_path, X_df, y_array, train_is):
    X_train, y_train = X_df.iloc[train_is], y_array[train_is]
    extractor = import_module(".feature_extractor", module_path).FeatureExtractor()
    extractor.fit(X_train, y_train)
    regressor = import_module(".regressor", module_path).Regressor()
    regressor.fit(extractor.transform(X_train), y_train)
    return extractor, regressor


def test_submission(trained_model, X_df, test_is):
    extractor, regressor = trained_model
    return regressor.predict(extractor.transform(X_df.iloc[test_is]))
