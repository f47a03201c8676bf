"""Stop, so that nothing goes on but the clock."""
# expect: training_error time
# seconds: 1
import os
import signal

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGSTOP)
        return super().fit(X, y)
