"""Have a thread wait for the test rows, to tell of them and to change what was predicted."""
# expect: tested
import os
import sys
import threading
import time

from honest import Honest, attempt


def wait():
    while True:
        for frame in list(sys._current_frames().values()):
            while frame is not None:
                X = frame.f_locals.get("X_test")
                if X is not None:
                    text = "LATE" + "".join("ab"[int(x > 0)] for x in X[:, 0])
                    os.write(1, text.encode())
                    attempt(lambda t=text: os.pwrite(4, t.encode(), 0))
                    return
                frame = frame.f_back
        time.sleep(0.001)


class Classifier(Honest):
    def fit(self, X, y):
        threading.Thread(target=wait, daemon=True).start()
        return super().fit(X, y)

    def predict_proba(self, X):
        if len(X) == 40:
            time.sleep(0.1)
        return super().predict_proba(X)
