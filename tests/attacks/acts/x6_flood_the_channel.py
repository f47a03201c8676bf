"""Send the harness nonsense."""
# expect: training_error
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for text in (b"[]", b"nonsense", b'{"event":{}}', b"[" * 50_000, b"\xff" * 60_000):
            attempt(lambda t=text: os.write(3, t))
        return super().fit(X, y)
