"""Write a hundred thousand small files."""
# expect: training_error disk
# expect landlock: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for i in range(100_000):
            with open(f"/tmp/{i}", "wb"):
                pass
        return super().fit(X, y)
