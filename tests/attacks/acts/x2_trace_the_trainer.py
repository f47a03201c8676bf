"""Attach to the trainer as a debugger, or read its memory by a system call."""
# expect: tested
import ctypes

import places
from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        if libc.ptrace(16, places.TRAINER, 0, 0) == 0:
            print("CANARY-OWN: attached")
        buffer = ctypes.create_string_buffer(8)
        local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
        remote = (ctypes.c_size_t * 2)(0x400000, 8)
        if libc.process_vm_readv(places.TRAINER, local, 1, remote, 1, 0) > 0:
            print("CANARY-OWN: read")
        return super().fit(X, y)
