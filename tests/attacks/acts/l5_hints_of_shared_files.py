"""Leave a note in what the kernel remembers of an inode: hints, flags, leases."""
# expect: tested
import fcntl
import os

from honest import Honest, attempt

SET_RW_HINT, SET_FILE_RW_HINT, SET_LEASE, NOTIFY = 1036, 1038, 1024, 1026
GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602


def set_flags(descriptor):
    found = fcntl.ioctl(descriptor, GET_FLAGS, bytes(8))
    fcntl.ioctl(descriptor, SET_FLAGS, found)
    return True


class Classifier(Honest):
    def fit(self, X, y):
        with open(os.__file__, "rb") as file:
            for number in (file.fileno(), 4, 6, 7):
                for command in (SET_RW_HINT, SET_FILE_RW_HINT):
                    hint = attempt(lambda n=number, c=command: fcntl.fcntl(n, c, b"\1" * 8))
                    if hint is not None:
                        print("CANARY-OWN: a hint", number, command)
                if attempt(lambda n=number: set_flags(n)):
                    print("CANARY-OWN: flags of", number)
            for command in (SET_LEASE, NOTIFY):
                if attempt(lambda c=command: fcntl.fcntl(file.fileno(), c, 0)) is not None:
                    print("CANARY-OWN: command", command)
        return super().fit(X, y)
