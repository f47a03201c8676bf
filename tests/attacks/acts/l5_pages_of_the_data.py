"""Join pages of the data to huge ones, or send them to disk: whoever maps the file would see it."""
# expect: tested
import ctypes
import mmap

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
HUGE = 1 << 21
ADVICE = {"MADV_COLD": 20, "MADV_PAGEOUT": 21, "MADV_COLLAPSE": 25}


class Classifier(Honest):
    def fit(self, X, y):
        # One's own memory stands for the data, which are too short here: the calls are the same.
        memory = mmap.mmap(-1, 3 * HUGE, flags=mmap.MAP_PRIVATE)
        memory[:] = b"x" * len(memory)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        place = ctypes.c_void_p(-(-start // HUGE) * HUGE)
        for name, number in ADVICE.items():
            if libc.madvise(place, ctypes.c_size_t(HUGE), number) == 0:
                print("CANARY-OWN:", name)
        return super().fit(X, y)
