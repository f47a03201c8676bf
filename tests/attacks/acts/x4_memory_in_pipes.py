"""Give pages to pipes and forget them: a few words hold as much as a huge page."""
# expect: tested
import ctypes
import mmap
import os

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        memory = mmap.mmap(-1, mmap.PAGESIZE)
        memory[:] = b"x" * len(memory)
        place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        vector = (ctypes.c_ulong * 2)(place, 8)
        if libc.vmsplice(os.pipe()[1], vector, ctypes.c_ulong(1), 0) > 0:
            print("CANARY-OWN: memory that no limit counts")
        return super().fit(X, y)
