"""Push characters into a terminal."""
# expect: tested
import fcntl

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for number in (0, 1, 2):
            if attempt(lambda n=number: fcntl.ioctl(n, 0x5412, b"x") or True):
                print("CANARY-OWN: typed")
        if attempt(lambda: open("/dev/tty")):
            print("CANARY-OWN: a terminal")
        return super().fit(X, y)
