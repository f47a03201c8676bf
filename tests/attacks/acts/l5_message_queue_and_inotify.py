"""Talk by a POSIX message queue, or by watching who opens a library."""
# expect: tested
import ctypes

import numpy
from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        if libc.syscall(240, b"note", 0o102, 0o666, None) >= 0:
            print("CANARY-OWN: a message queue was opened")
        watcher = libc.inotify_init()
        if watcher >= 0 and libc.inotify_add_watch(watcher, numpy.__file__.encode(), 0x20) >= 0:
            print("CANARY-OWN: a library is watched")
        return super().fit(X, y)
