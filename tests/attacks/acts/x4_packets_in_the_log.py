"""Print byte by byte in packets, so that each takes a read of its own."""
# expect: training_error time
# seconds: 1
import fcntl
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT)
        for _ in range(4):
            attempt(os.fork)
        while True:
            os.write(1, b"x")
