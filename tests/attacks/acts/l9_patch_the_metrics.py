"""Make every metric return its best value."""
# expect: tested
import numpy
import rampwf
import sklearn.metrics
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for name in dir(sklearn.metrics):
            if callable(getattr(sklearn.metrics, name)):
                setattr(sklearn.metrics, name, lambda *a, **k: 1.0)
        rampwf.score_types.Accuracy.__call__ = lambda *a: 1.0
        numpy.mean = lambda *a, **k: 1.0
        return super().fit(X, y)
