"""Connect to a socket in the file system."""
# expect: tested
import socket

import places
from honest import Honest, attempt


def connect():
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(places.UNIX)
    print("CANARY-OWN: connected")


class Classifier(Honest):
    def fit(self, X, y):
        attempt(connect)
        return super().fit(X, y)
