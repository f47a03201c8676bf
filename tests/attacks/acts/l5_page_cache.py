"""Ask the kernel which pages of a library another fold has read."""
# expect: tested
import ctypes
import mmap
import os

from honest import Honest, attempt

libc = ctypes.CDLL(None, use_errno=True)
RWF_NOWAIT = 8


def read_if_there(descriptor):
    os.preadv(descriptor, [bytearray(1)], 0, RWF_NOWAIT)
    return True


def pages_there(descriptor):
    size = os.fstat(descriptor).st_size
    pages = (ctypes.c_ubyte * (size // mmap.PAGESIZE + 1))()
    memory = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return libc.mincore(ctypes.c_void_p(place), ctypes.c_size_t(size), pages) == 0


class Classifier(Honest):
    def fit(self, X, y):
        with open(os.__file__, "rb") as file:
            for act in (read_if_there, pages_there):
                if attempt(lambda a=act: a(file.fileno())):
                    print("CANARY-OWN:", act.__name__)
            count = (ctypes.c_ulonglong * 5)()
            whole = (ctypes.c_ulonglong * 2)(0, 4096)
            if libc.syscall(451, file.fileno(), whole, count, 0) == 0:
                print("CANARY-OWN: cachestat")
        return super().fit(X, y)
