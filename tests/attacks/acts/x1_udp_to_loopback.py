"""Send a datagram to this machine."""
# expect: tested
import socket

import places
from honest import Honest, attempt


def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"note", ("127.0.0.1", places.PORT))
    print("CANARY-OWN: sent")


class Classifier(Honest):
    def fit(self, X, y):
        attempt(send)
        return super().fit(X, y)
