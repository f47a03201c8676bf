"""Send oneself SIGKILL."""
# expect: training_error
import os
import signal

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)
