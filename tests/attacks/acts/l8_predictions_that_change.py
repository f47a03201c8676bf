"""Change predictions while they are read, and after they were looked at."""
# expect: tested | validating_error | testing_error
import os
import threading

import numpy as np
from databoard.training.wire import NPY_HEADER_BYTES
from honest import Honest


def change(number, values):
    good, bad = values.tobytes(), np.full_like(values, np.nan).tobytes()
    while True:
        for content in (bad, good):
            os.pwrite(number, content, NPY_HEADER_BYTES)


class Classifier(Honest):
    def predict_proba(self, X):
        values = super().predict_proba(X)
        number = 5 if len(X) == 40 else 4
        threading.Thread(target=change, args=(number, values), daemon=True).start()
        return values
