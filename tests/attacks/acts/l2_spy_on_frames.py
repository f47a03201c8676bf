"""Look for labels of other rows in the variables of every frame."""
# expect: tested
import sys

import numpy as np
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        frame = sys._getframe()
        while frame is not None:
            for value in frame.f_locals.values():
                if isinstance(value, np.ndarray) and value.shape == (len(X) * 5 // 4,):
                    rows = frame.f_locals.get("train_is")
                    if rows is not None and len(set(np.delete(value, rows).tolist())) > 1:
                        print("CANARY-OWN: labels of other rows in", frame.f_code.co_name)
            frame = frame.f_back
        return super().fit(X, y)
