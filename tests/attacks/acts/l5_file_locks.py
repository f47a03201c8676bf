"""Lock bytes of a library, which is a message to everybody who sees the same file."""
# expect: tested
import fcntl
import os

import numpy
from honest import Honest, attempt


def lock(how):
    descriptor = os.open(numpy.__file__, os.O_RDONLY)
    how(descriptor)
    print("CANARY-OWN: a lock was taken")


class Classifier(Honest):
    def fit(self, X, y):
        attempt(lambda: lock(lambda fd: fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)))
        attempt(lambda: lock(lambda fd: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 7)))
        attempt(lambda: lock(lambda fd: fcntl.fcntl(fd, 1024, fcntl.F_RDLCK)))
        return super().fit(X, y)
