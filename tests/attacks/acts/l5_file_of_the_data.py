"""Leave a note in the mode, the times and the attributes of the files that the data came in."""
# expect: tested
# folds: 2
import os

from honest import Honest, attempt

MODE, TIME, NAME = 0o140, 1_111_111_111, "user.act"
NUMBERS = (3, 4, 5, 6, 7, 8, 9)


def look(path):
    found = os.stat(path)
    if found.st_mode & 0o777 == MODE:
        print("CANARY-OWN: a note in the mode of", path)
    if int(found.st_mtime) == TIME or int(found.st_atime) == TIME:
        print("CANARY-OWN: a note in the times of", path)
    if attempt(lambda: os.getxattr(path, NAME)):
        print("CANARY-OWN: a note in the attributes of", path)


class Classifier(Honest):
    def fit(self, X, y):
        paths = [f"/proc/self/fd/{number}" for number in NUMBERS]
        # First all of them: two may be the same file.
        for path in paths:
            attempt(lambda p=path: look(p))
        for path in paths:
            attempt(lambda p=path: os.chmod(p, MODE))
            attempt(lambda p=path: os.utime(p, (TIME, TIME)))
            attempt(lambda p=path: os.setxattr(p, NAME, b"1010"))
        return super().fit(X, y)
