"""Be wrong at length in a script whose letters take more room: no harm is meant."""
# expect: training_error
# says: ValueError: 错
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        raise ValueError("错\x01😀" * 9_000)
