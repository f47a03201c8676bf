import numpy as np

MOLECULES = ["A", "B", "Q", "R"]


class FeatureExtractorReg:
    """The slope of a spectrum once for each molecule, weighted by how likely the vial holds it."""

    def fit(self, X_df, y):
        return self

    def transform(self, X_df):
        slopes = np.diff(np.array(X_df["spectra"].tolist()), axis=1)
        likely = X_df[MOLECULES].to_numpy(dtype=float)
        return np.hstack([slopes * likely[:, [i]] for i in range(len(MOLECULES))])
