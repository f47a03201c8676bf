"""Touch the devices, the libraries and the kit: whoever shares them would see when."""
# expect: tested
import os
import random
import sys

from honest import Honest, attempt

PLACES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"]
PLACES += ["/", "/dev", "/usr", "/job", os.__file__, sys.executable, "/proc/self/exe"]
PLACES += ["/etc/ld.so.cache", "/harness", "/bin", "/root"]

TIME = random.randrange(1_000_000_000)


def touch(path):
    os.utime(path, (TIME, TIME))
    return int(os.stat(path).st_mtime) == TIME


def write(device):
    with open(device, "wb", buffering=0) as file:
        os.utime(file.fileno())
    return True


class Classifier(Honest):
    def fit(self, X, y):
        for path in PLACES:
            if attempt(lambda p=path: touch(p)):
                print("CANARY-OWN: the times of", path)
        for device in PLACES[:5]:
            if attempt(lambda d=device: write(d)):
                print("CANARY-OWN: the times of", device)
        return super().fit(X, y)
