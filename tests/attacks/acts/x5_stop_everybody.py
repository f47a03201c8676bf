"""Stop every process that can be reached."""
# expect: tested
import os
import signal

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: os.kill(-1, signal.SIGSTOP))
        attempt(lambda: os.kill(1, signal.SIGKILL))
        return super().fit(X, y)
