"""Take memory in many processes, each below the limit."""
# expect: training_error memory | validating_error memory | tested
# expect landlock: training_error processes
import os
import time

import numpy as np
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for _ in range(8):
            if os.fork() == 0:
                self.big = np.ones(2**25)
                time.sleep(60)
                os._exit(0)
        time.sleep(1.5)
        return super().fit(X, y)
