"""Read the trainer's memory, environment and descriptors."""
# expect: tested
import glob

import places
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        base = f"/proc/{places.TRAINER}"
        for name in ("environ", "cmdline", "maps"):
            if attempt(lambda n=name: open(f"{base}/{n}").read()):
                print("CANARY-OWN: the trainer's", name)
        for path in glob.glob(base + "/fd/*"):
            print(attempt(lambda p=path: open(p).read(4096)))
        return super().fit(X, y)
