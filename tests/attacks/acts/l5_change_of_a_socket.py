"""Write when a socket was changed, which the kernel hands on to whoever makes the next one."""
# expect: tested
import os
import socket

from honest import Honest, attempt


def rights(number):
    os.chmod(number, 0o777)


def rights_by_path(number):
    os.chmod(f"/proc/self/fd/{number}", 0o777)


def owner(number):
    os.chown(number, -1, -1)


class Classifier(Honest):
    def fit(self, X, y):
        ends = [end for _ in range(100) for end in attempt(socket.socketpair) or ()]
        for end in ends:
            before = os.fstat(end.fileno()).st_ctime_ns
            for act in (rights, rights_by_path, owner):
                attempt(lambda a=act, e=end: a(e.fileno()))
                if os.fstat(end.fileno()).st_ctime_ns != before:
                    print("CANARY-OWN: a time by", act.__name__)
        return super().fit(X, y)
