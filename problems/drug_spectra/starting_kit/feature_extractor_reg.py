import numpy as np


class FeatureExtractorReg:
    """Every fourth point of a spectrum."""

    def fit(self, X_df, y):
        return self

    def transform(self, X_df):
        return np.array(X_df["spectra"].tolist())[:, ::4]
