"""Leave a daemon behind, in a session of its own."""
# expect: tested
import os
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        try:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.closerange(0, 1024)
                    while True:
                        time.sleep(0.1)
                os._exit(0)
        except OSError:
            pass
        return super().fit(X, y)
