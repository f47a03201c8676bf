"""Ask for a pair of sockets of each family: the kernel loads a module to say that it has none."""
# expect: tested
import errno
import socket

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for family in [f for f in range(48) if f != socket.AF_UNIX]:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
                try:
                    socket.socketpair(family, kind)
                except OSError as error:
                    if error.errno in (errno.EAFNOSUPPORT, errno.EPERM):
                        continue
                print("CANARY-OWN: a pair of family", family)
        return super().fit(X, y)
