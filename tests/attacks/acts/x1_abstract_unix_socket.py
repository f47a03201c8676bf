"""Connect to a socket without a path."""
# expect: tested
import socket

import places
from honest import Honest, attempt


def connect():
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect("\0" + places.ABSTRACT)
    print("CANARY-OWN: connected")


class Classifier(Honest):
    def fit(self, X, y):
        attempt(connect)
        return super().fit(X, y)
