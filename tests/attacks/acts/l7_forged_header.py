"""Promise 10**12 rows in the header of the result."""
# expect: validating_error
import os

from honest import Honest, claim


class Classifier(Honest):
    def fit(self, X, y):
        words = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2), }"
        os.pwrite(4, b"\x93NUMPY\x01\x00v\x00" + words.ljust(117).encode() + b"\n", 0)
        claim("trained", "validated")
        os._exit(0)
