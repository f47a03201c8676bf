"""Count for ever once the test rows have come."""
# expect: testing_error time
# seconds: 1
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        while len(X) == 40:
            pass
        return super().predict_proba(X)
