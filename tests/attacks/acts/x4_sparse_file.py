"""Make files that claim to be larger than any disk."""
# expect: training_error disk
# expect landlock: training_error
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for i in range(1000):
            descriptor = os.open(f"/tmp/{i}", os.O_CREAT | os.O_RDWR)
            os.truncate(descriptor, 1 << (20 + i))
