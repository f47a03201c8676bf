"""Write a true header and NaN behind it, past the runner's own check."""
# expect: validating_error
import os
import struct

from honest import Honest, claim


class Classifier(Honest):
    def fit(self, X, y):
        words = "{'descr': '<f8', 'fortran_order': False, 'shape': (200, 2), }"
        head = b"\x93NUMPY\x01\x00v\x00" + words.ljust(117).encode() + b"\n"
        os.pwrite(4, head + struct.pack("<d", float("nan")) * 400, 0)
        claim("trained", "validated")
        os._exit(0)
