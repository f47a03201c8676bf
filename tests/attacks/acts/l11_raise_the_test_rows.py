"""Put the test rows into the message of an exception."""
# expect: testing_error
from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        if len(X) == 40:
            raise ValueError("LATE", X)
        return super().predict_proba(X)
