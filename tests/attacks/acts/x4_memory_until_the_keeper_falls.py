"""Be no better victim than one's keeper, and fill the memory by many small processes."""
# expect: training_error memory
# expect landlock: training_error
import os

from honest import Honest, attempt


def fill():
    attempt(lambda: open("/proc/self/oom_score_adj", "w").write("0"))
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: open("/proc/self/oom_score_adj", "w").write("0"))
        for _ in range(40):
            if attempt(os.fork) == 0:
                fill()
        fill()
