"""Learn which fold this is from the name of its control group."""
# expect: tested
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        text = attempt(lambda: open("/proc/self/cgroup").read()) or ""
        if "databoard" in text:
            print("CANARY-OWN:", text)
        return super().fit(X, y)
