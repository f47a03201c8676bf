"""Make a System V segment and a message queue under known keys."""
# expect: tested
import ctypes

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        if libc.shmget(4242, 4096, 0o1666) >= 0 or libc.msgget(4242, 0o1666) >= 0:
            print("CANARY-OWN: System V works")
        if libc.semget(4242, 1, 0o1666) >= 0:
            print("CANARY-OWN: a semaphore was made")
        return super().fit(X, y)
