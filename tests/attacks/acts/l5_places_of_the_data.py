"""Say where in memory the pages of the data shall lie: the kernel keeps it with the file.

It keeps a word for each page, also far behind the end of the file, for whoever opens it later,
and counts that memory for nobody.
"""
# expect: tested
# folds: 2
import ctypes
import mmap
import random

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
MBIND, GET_MEMPOLICY, BY_ADDRESS, PREFERRED, BIND = 237, 239, 2, 1, 2
N_PAGES, FAR = 64, 1 << 30


def word(address):
    found = ctypes.c_int()
    place = ctypes.c_void_p(address)
    libc.syscall(GET_MEMPOLICY, ctypes.byref(found), None, ctypes.c_ulong(0), place, BY_ADDRESS)
    return found.value


def leave(address, kind):
    nodes, size = ctypes.c_ulong(1), ctypes.c_ulong(mmap.PAGESIZE)
    place = ctypes.c_void_p(address)
    return libc.syscall(MBIND, place, size, kind, ctypes.byref(nodes), ctypes.c_ulong(64), 0) == 0


class Classifier(Honest):
    def fit(self, X, y):
        size = ctypes.c_size_t(N_PAGES * mmap.PAGESIZE)
        for descriptor in (6, 7):
            start = libc.mmap(None, size, 1, 1, descriptor, ctypes.c_long(FAR))
            pages = [start + i * mmap.PAGESIZE for i in range(N_PAGES)]
            if any([word(page) for page in pages]):
                print("CANARY-OWN: a note of", [word(page) for page in pages])
            if any([leave(page, random.choice((PREFERRED, BIND))) for page in pages]):
                print("CANARY-OWN: a note in the file", descriptor)
        return super().fit(X, y)
