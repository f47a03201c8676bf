"""Queue signals until there is no room: how many fit tells how many another box has queued."""
# expect: tested
import ctypes
import os
import signal

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
MANY, SIGNAL = 4_000, 40


class Classifier(Honest):
    def fit(self, X, y):
        signal.pthread_sigmask(signal.SIG_BLOCK, {SIGNAL})
        for _ in range(MANY):
            if libc.sigqueue(os.getpid(), SIGNAL, ctypes.c_void_p(1)):
                break
        else:
            print("CANARY-OWN: the queue of all boxes")
        return super().fit(X, y)
