"""Write to the machine's log: one of a pair of sockets for letters may send them to anybody."""
# expect: tested
import socket

from honest import Honest, attempt
from places import ABSTRACT, LETTERS, UNIX


class Classifier(Honest):
    def fit(self, X, y):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            pair = attempt(lambda k=kind: socket.socketpair(socket.AF_UNIX, k))
            for place in (LETTERS, UNIX, "\0" + ABSTRACT) if pair else ():
                if attempt(lambda p=place: pair[0].sendmsg([b"x"], [], 0, p)):
                    if attempt(lambda: pair[1].recv(9, socket.MSG_DONTWAIT)) is None:
                        print("CANARY-OWN: a letter to", repr(place))
        return super().fit(X, y)
