"""Connect to a server on this machine."""
# expect: tested
import socket

import places
from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            if attempt(lambda h=host: socket.create_connection((h, places.PORT), timeout=1)):
                print("CANARY-OWN: connected")
        return super().fit(X, y)
