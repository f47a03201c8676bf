"""Make namespaces, in which one would have rights again."""
# expect: tested
import ctypes

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000):
            if libc.unshare(flag) == 0:
                print("CANARY-OWN: a namespace", hex(flag))
            if libc.syscall(56, flag | 17, 0, 0, 0, 0) >= 0:
                print("CANARY-OWN: a clone", hex(flag))
        return super().fit(X, y)
