"""Ask which pages another fold has read by a queued read that is not to wait."""
# expect: tested
import ctypes

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
IO_SETUP = 206


class Classifier(Honest):
    def fit(self, X, y):
        # One that is set up takes flags as preadv2 does, and counts for the whole machine.
        queue = ctypes.c_ulong(0)
        if libc.syscall(IO_SETUP, 8, ctypes.byref(queue)) == 0:
            print("CANARY-OWN: a queue of reads")
        return super().fit(X, y)
