"""Have every file system of the machine written out, again and again."""
# expect: tested
import ctypes
import os

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
SYNC = 162


class Classifier(Honest):
    def fit(self, X, y):
        if libc.syscall(SYNC) == 0:
            print("CANARY-OWN: every disk was written out")
        with open(os.__file__) as file:
            if libc.syncfs(file.fileno()) == 0:
                print("CANARY-OWN: a disk that is not ours was written out")
        return super().fit(X, y)
