"""Open files until none opens any more."""
# expect: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        self.files = [open("/dev/null") for _ in range(100_000)]
        return super().fit(X, y)
