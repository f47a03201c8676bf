import numpy as np


class FeatureExtractor:
    """Colour and period of a star; its light curves are left unread."""

    def fit(self, X, y):
        return self

    def transform(self, X):
        return np.array(
            [[star["magnitude_b"] - star["magnitude_r"], np.log10(star["period"])] for star in X]
        )
