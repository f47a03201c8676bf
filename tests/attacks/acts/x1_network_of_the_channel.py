"""Ask the channel for the machine's network, to which it belongs, and take a name there."""
# expect: tested
import fcntl
import os
import socket
import struct

from honest import Honest, attempt

SIOCGIFNAME, SIOCGIFCONF = 0x8910, 0x8912


def interface(number):
    found = fcntl.ioctl(3, SIOCGIFNAME, struct.pack("16si20x", b"", number))
    print("CANARY-OWN: the machine has", found[:16].rstrip(b"\0"))


def addresses():
    fcntl.ioctl(3, SIOCGIFCONF, struct.pack("iiQ", 0, 0, 0))
    print("CANARY-OWN: the machine tells its addresses")


def take(name):
    channel = socket.socket(fileno=os.dup(3))
    channel.bind(name)
    print("CANARY-OWN: a name that all see")


class Classifier(Honest):
    def fit(self, X, y):
        for number in range(1, 9):
            attempt(lambda n=number: interface(n))
        attempt(addresses)
        attempt(lambda: take("\0databoard-act-note"))
        return super().fit(X, y)
