"""Interrupt the first process of the namespaces, which is ours: then its end would be, too."""
# expect: tested
import os
import signal
import time

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for number in set(signal.Signals) - {signal.SIGKILL}:
            attempt(lambda n=number: os.kill(os.getppid(), n))
        time.sleep(0.2)
        return super().fit(X, y)
