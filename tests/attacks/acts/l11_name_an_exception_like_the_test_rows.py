"""Put the test rows into the name of an exception."""
# expect: testing_error
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        if len(X) == 40:
            raise type("LATE" + "".join("ab"[int(x > 0)] for x in X[:, 0]), (Exception,), {})
        return super().predict_proba(X)
