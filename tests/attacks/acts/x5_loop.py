"""Count for ever."""
# expect: training_error time
# seconds: 1
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        while True:
            pass
