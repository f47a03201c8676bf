"""Write into the times of sockets, which the kernel hands on to whoever makes the next ones."""
# expect: tested
import os
import random
import socket

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        time = random.randrange(1_000_000_000)  # by now others may be left there
        numbers = [3, *(end.detach() for end in attempt(socket.socketpair) or ())]
        for number in numbers:
            for name in (number, f"/proc/self/fd/{number}"):
                attempt(lambda n=name: os.utime(n, (time, time)))
                found = os.fstat(number)
                if time in (int(found.st_mtime), int(found.st_atime)):
                    print("CANARY-OWN: a note in the times of", name)
        return super().fit(X, y)
