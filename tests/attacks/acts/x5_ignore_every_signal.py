"""Ignore every signal and sleep."""
# expect: training_error time
# seconds: 1
import signal
import time

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for number in range(1, 65):
            attempt(lambda n=number: signal.signal(n, signal.SIG_IGN))
        while True:
            time.sleep(1)
