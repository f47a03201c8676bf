"""Put a note into the kernel's keyring."""
# expect: tested
import ctypes

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        if libc.syscall(248, b"user", b"note", b"0101", 4, -3) >= 0:
            print("CANARY-OWN: a key was added")
        if libc.syscall(250, 0, -3, 1) >= 0:
            print("CANARY-OWN: the keyring answers")
        return super().fit(X, y)
