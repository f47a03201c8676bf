"""Open disks, memory and terminals."""
# expect: tested
import glob
import os
import stat

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        harmless = {"null", "zero", "full", "random", "urandom"}
        for path in glob.glob("/dev/*"):
            if os.path.basename(path) in harmless or os.path.isdir(path):
                continue
            if "/dev/std" in path or path in ("/dev/fd", "/dev/core"):
                continue
            if attempt(lambda p=path: os.open(p, os.O_RDONLY | os.O_NONBLOCK)) is not None:
                print("CANARY-OWN: opened", path)
        for number in (os.makedev(1, 1), os.makedev(8, 0), os.makedev(254, 0)):
            if attempt(lambda n=number: os.mknod("/tmp/device", stat.S_IFBLK | 0o666, n) or True):
                print("CANARY-OWN: made a device")
        return super().fit(X, y)
