"""Raise what answers every question about itself by raising again, or by nonsense at length."""
# expect: training_error
from honest import Honest


class Hostile(type):
    @property
    def __name__(cls):
        raise SystemExit(0)

    __qualname__ = __name__

    def __repr__(cls):
        raise KeyboardInterrupt


class Everything(BaseException, metaclass=Hostile):
    def __getattribute__(self, name):
        if name in ("errno", "filename", "__notes__", "__cause__", "__context__"):
            raise MemoryError("LATE" * 1000)
        return super().__getattribute__(name)

    def __str__(self):
        return "x" * (1 << 24)

    __repr__ = __str__


class Classifier(Honest):
    def fit(self, X, y):
        raise Everything
