"""Set an alarm that nobody handles."""
# expect: training_error
import signal
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(5)
