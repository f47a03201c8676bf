import numpy as np


class FeatureExtractorClf:
    """The slope of a spectrum, which fluorescence hardly changes, scaled to one size."""

    def fit(self, X_df, y):
        return self

    def transform(self, X_df):
        slopes = np.diff(np.array(X_df["spectra"].tolist()), axis=1)
        return slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
