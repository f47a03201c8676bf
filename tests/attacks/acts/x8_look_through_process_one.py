"""Go through the first process of the box to another root or another memory."""
# expect: tested
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: print(open("/proc/1/root/etc/shadow").read()))
        for path in ("/proc/1/mem", f"/proc/{os.getppid()}/mem"):
            if attempt(lambda p=path: open(p, "r+b", 0)) is not None:
                print("CANARY-OWN: opened", path)
        attempt(lambda: print("CANARY-OWN:", os.listdir("/proc/1/fd")))
        return super().fit(X, y)
