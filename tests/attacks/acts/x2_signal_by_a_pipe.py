"""Have the kernel signal the trainer when a pipe fills: the owner of a file is told of its news."""
# expect: tested
import fcntl
import os
import socket
import struct

import places
from honest import Honest, attempt

F_SETOWN_EX, F_OWNER_TID = 15, 0
REQUESTS = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP


def by_number(number):
    fcntl.fcntl(number, fcntl.F_SETOWN, places.TRAINER)
    return True


def by_thread(number):
    fcntl.fcntl(number, F_SETOWN_EX, struct.pack("ii", F_OWNER_TID, places.TRAINER))
    return True


class Classifier(Honest):
    def fit(self, X, y):
        one, other = socket.socketpair()
        for number in (os.pipe()[0], one.fileno()):
            for act in (by_number, by_thread):
                if attempt(lambda a=act, n=number: a(n)):
                    print("CANARY-OWN: the trainer owns a file of ours:", act.__name__)
            for request in REQUESTS:
                owner = struct.pack("i", places.TRAINER)
                if attempt(lambda n=number, r=request, o=owner: fcntl.ioctl(n, r, o)):
                    print("CANARY-OWN: the trainer owns a file of ours:", hex(request))
        return super().fit(X, y)
