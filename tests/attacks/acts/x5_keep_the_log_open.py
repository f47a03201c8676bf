"""Leave a child that writes to the log for ever."""
# expect: tested
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        try:
            if os.fork() == 0:
                os.setsid()
                while True:
                    os.write(1, b"still here\n" * 1000)
        except OSError:
            pass
        return super().fit(X, y)
