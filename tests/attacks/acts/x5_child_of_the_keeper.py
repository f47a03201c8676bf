"""Leave a child that is not one's own: it is the keeper's, which waits for us alone."""
# expect: tested
import ctypes
import time

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
CLONE, CLONE_PARENT, SIGCHLD = 56, 0x8000, 17


class Classifier(Honest):
    def fit(self, X, y):
        for signal in (SIGCHLD, 0):
            if libc.syscall(CLONE, CLONE_PARENT | signal, 0, 0, 0, 0) == 0:
                while True:
                    time.sleep(1)
        return super().fit(X, y)
