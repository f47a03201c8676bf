"""Have a child take the message with the test rows, refit on them, and answer in its parent's name."""
# expect: tested | testing_error time
# expect landlock: tested
# seconds: 5
import array
import os
import socket

import numpy as np
from honest import Honest, attempt, claim


def take(model):
    channel = socket.socket(fileno=os.dup(3))
    _, ancillary, _, _ = channel.recvmsg(65536, socket.CMSG_SPACE(4))
    number = array.array("i", ancillary[0][2])[0]
    os.write(1, b"LATE" + os.pread(number, 4096, 0)[-640:])
    rows = np.frombuffer(os.pread(number, 1 << 20, 0)[-40 * 16 :]).reshape(2, 40).T
    os.pwrite(4, b"LATE", 128)
    os.pwrite(5, os.pread(4, 128, 0).replace(b"(200, 2), }", b"(40, 2), } ") + model.tobytes(rows), 0)
    claim("tested")


class Classifier(Honest):
    def tobytes(self, X):
        return super().predict_proba(X).tobytes()

    def fit(self, X, y):
        if attempt(os.fork) == 0:
            try:
                while attempt(lambda: os.pread(4, 6, 0)) != b"\x93NUMPY":
                    pass
                take(self)
            finally:
                os._exit(0)
        return super().fit(X, y)
