"""Call the kernel by the 32-bit door, whose numbers the filter would misread."""
# expect: training_error
import ctypes
import mmap

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        ctypes.CFUNCTYPE(ctypes.c_int)(address)()
        print("CANARY-OWN: the 32-bit door is open")
        return super().fit(X, y)
