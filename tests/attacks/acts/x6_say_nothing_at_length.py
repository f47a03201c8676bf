"""Send messages of no length, which look like an end that does not come."""
# expect: training_error
import socket
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        channel = socket.socket(fileno=3)
        for _ in range(100):
            channel.send(b"")
        channel.detach()
        time.sleep(15)
