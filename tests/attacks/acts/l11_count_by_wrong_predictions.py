"""Tell of the test rows by how many NaN are written past the runner's own check."""
# expect: testing_error
import os

import numpy as np
from databoard.training.wire import npy_header
from honest import Honest, claim


class Classifier(Honest):
    def predict_proba(self, X):
        y_pred = super().predict_proba(X)
        if len(X) == 40:
            y_pred[:7] = np.nan
            os.pwrite(5, npy_header(y_pred.shape) + y_pred.tobytes(), 0)
            claim("tested")
            os._exit(0)
        return y_pred
