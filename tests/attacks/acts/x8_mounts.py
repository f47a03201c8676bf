"""Mount, unmount, change the root."""
# expect: tested
import ctypes
import os

from honest import Honest, attempt

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            print("CANARY-OWN: mounted")
        for place in (b"/tmp", b"/proc", b"/scratch", b"/job", b"/"):
            if libc.umount2(place, 2) == 0:
                print("CANARY-OWN: unmounted", place)
        if attempt(lambda: os.chroot("/tmp") or True):
            print("CANARY-OWN: another root")
        return super().fit(X, y)
