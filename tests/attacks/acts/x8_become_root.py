"""Gain rights by set-uid, capabilities or a program that has them."""
# expect: tested
import ctypes
import os
import struct

from honest import Honest, attempt

libc = ctypes.CDLL(None, use_errno=True)


class Classifier(Honest):
    def fit(self, X, y):
        header = struct.pack("=Ii", 0x20080522, 0)
        if libc.syscall(126, header, b"\xff" * 24) == 0:
            print("CANARY-OWN: capabilities")
        if os.getuid() and attempt(lambda: os.setuid(0) or True):
            print("CANARY-OWN: root")
        if attempt(lambda: os.setgroups([0]) or True):
            print("CANARY-OWN: groups")
        if libc.prctl(39, 0, 0, 0, 0) != 1:
            print("CANARY-OWN: privileges may be gained")
        return super().fit(X, y)
