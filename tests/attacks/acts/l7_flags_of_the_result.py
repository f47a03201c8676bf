"""Set flags of the opening that the trusted side reads by: it is the same one."""
# expect: tested
import fcntl
import os

from honest import Honest, attempt

FLAGS = os.O_APPEND | os.O_DIRECT | os.O_NONBLOCK | os.O_NOATIME


class Classifier(Honest):
    def fit(self, X, y):
        for number in (4, 5):
            for flag in (FLAGS, os.O_DIRECT, os.O_APPEND | os.O_NONBLOCK):
                attempt(lambda n=number, f=flag: fcntl.fcntl(n, fcntl.F_SETFL, f))
            attempt(lambda n=number: os.lseek(n, 1 << 40, os.SEEK_SET))
            attempt(lambda n=number: os.fchmod(n, 0))
        return super().fit(X, y)
