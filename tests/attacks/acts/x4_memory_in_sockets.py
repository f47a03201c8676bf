"""Fill sockets whose buffers are as large as the machine allows."""
# expect: tested
import socket

from honest import Honest, attempt


def buffer(option):
    one, _ = socket.socketpair()
    before = one.getsockopt(socket.SOL_SOCKET, option)
    one.setsockopt(socket.SOL_SOCKET, option, 1 << 27)
    if one.getsockopt(socket.SOL_SOCKET, option) > before:
        print("CANARY-OWN: memory that no watch counts")


class Classifier(Honest):
    def fit(self, X, y):
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            attempt(lambda o=option: buffer(o))
        return super().fit(X, y)
