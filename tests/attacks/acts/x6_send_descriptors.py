"""Fill the trusted side's table of descriptors."""
# expect: training_error
import socket

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        channel = socket.socket(fileno=3)
        for _ in range(50):
            attempt(lambda: socket.send_fds(channel, [b'{"event":"note"}'], [0] * 100))
        channel.detach()
        return super().fit(X, y)
