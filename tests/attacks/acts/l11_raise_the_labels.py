"""Put the training labels into the message of an exception."""
# expect: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        raise ValueError("LONG " + " ".join(str(label) for label in y) * 5)
