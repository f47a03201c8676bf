"""Refuse to hear, so that the test rows come to nobody."""
# expect: testing_error
import socket

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        channel = socket.socket(fileno=3)
        channel.shutdown(socket.SHUT_RD)
        channel.detach()
        return super().fit(X, y)
