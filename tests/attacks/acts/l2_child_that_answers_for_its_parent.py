"""Stop while a child delivers both predictions, the second knowing the test rows before the end."""
# expect: tested
import array
import os
import signal
import socket

import numpy as np
from databoard.training.wire import npy_header
from honest import Honest, attempt, claim


def deliver(number, values):
    os.pwrite(number, npy_header(values.shape) + values.tobytes(), 0)


def take():
    channel = socket.socket(fileno=os.dup(3))
    _, ancillary, _, _ = channel.recvmsg(65536, socket.CMSG_SPACE(4))
    number = array.array("i", ancillary[0][2])[0]
    rows = os.pread(number, 1 << 20, 0)
    os.write(1, b"LATE" + rows[:4096])
    return np.frombuffer(rows[-40 * 16 :]).reshape(2, 40).T


class Classifier(Honest):
    def predict_proba(self, X):
        y_pred = super().predict_proba(X)
        child = attempt(os.fork)
        if child:
            os.kill(os.getpid(), signal.SIGSTOP)
        if child == 0:
            try:
                deliver(4, y_pred)
                claim("validated")
                rows = take()
                deliver(4, np.full_like(y_pred, 0.5))  # what was taken must stay what it was
                deliver(5, super().predict_proba(rows))
                claim("tested")
            finally:
                os._exit(0)
        return y_pred
