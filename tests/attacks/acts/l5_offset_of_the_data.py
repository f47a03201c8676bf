"""Leave a note in the offset and the flags of the descriptors that the data came by."""
# expect: tested
# folds: 2
import fcntl
import os

from honest import Honest, attempt

NOTE = 4711
seen = set()


def leave(descriptor):
    found = os.lseek(descriptor, 0, os.SEEK_CUR)
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    place = os.fstat(descriptor).st_ino
    if place not in seen and found == NOTE:
        print("CANARY-OWN: a note in the offset of", descriptor)
    if place not in seen and flags & os.O_APPEND:
        print("CANARY-OWN: a note in the flags of", descriptor)
    seen.add(place)
    os.lseek(descriptor, NOTE, os.SEEK_SET)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)


class Classifier(Honest):
    def fit(self, X, y):
        for descriptor in range(3, 16):
            attempt(lambda d=descriptor: leave(d))
        return super().fit(X, y)

    def predict_proba(self, X):
        for descriptor in range(3, 16):
            attempt(lambda d=descriptor: leave(d))
        return super().predict_proba(X)
