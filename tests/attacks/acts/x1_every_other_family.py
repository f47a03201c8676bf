"""Open a socket of each family: without one there is no metadata service to ask."""
# expect: tested
import socket

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for family in [f for f in range(48) if f != socket.AF_UNIX]:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                if attempt(lambda f=family, k=kind: socket.socket(f, k)):
                    print("CANARY-OWN: a socket of family", family)
        return super().fit(X, y)
