"""Leave a note to the next fold in every folder that can be written."""
# expect: tested
# folds: 2
import os

from honest import Honest, attempt

PLACES = ["/tmp", "/dev/shm", "/var/tmp", "/run", "/job", "/scratch", "/harness", "/dev", "/"]
PLACES = sorted({*PLACES, os.path.expanduser("~")})


def leave(folder):
    path = os.path.join(folder, "databoard_act_note")
    if os.path.exists(path):
        print("CANARY-OWN: a note from another fold in", folder)
    with open(path, "w") as file:
        file.write("0101")


class Classifier(Honest):
    def fit(self, X, y):
        for folder in PLACES:
            attempt(lambda f=folder: leave(f))
        return super().fit(X, y)
