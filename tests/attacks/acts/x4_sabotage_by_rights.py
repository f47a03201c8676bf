"""Take rights from the files of the installation, which a filter of opens would not notice."""
# expect: tested
import os

from honest import Honest, attempt
from places import LABELS, SIBLING, UNIX


def may_set_rights(path):
    # The rights that it has: that the time of the change is another one is enough.
    before = os.stat(path)
    os.chmod(path, before.st_mode & 0o7777)
    return os.stat(path).st_ctime_ns != before.st_ctime_ns


def may_name(path):
    os.setxattr(path, "user.act", b"1")
    return True


def may_give_away(path):
    before = os.stat(path)
    os.chown(path, -1, before.st_gid)
    return os.stat(path).st_ctime_ns != before.st_ctime_ns


class Classifier(Honest):
    def fit(self, X, y):
        for path in (LABELS, SIBLING, UNIX, os.path.dirname(SIBLING), os.__file__):
            for act in (may_set_rights, may_give_away):
                if attempt(lambda a=act, p=path: a(p)):
                    print("CANARY-OWN:", act.__name__, path)
        for path in (LABELS, SIBLING):
            if attempt(lambda p=path: may_name(p)):
                print("CANARY-OWN: an attribute of", path)
            if attempt(lambda p=path: os.truncate(p, os.stat(p).st_size) or True):
                print("CANARY-OWN: the length of", path)
        return super().fit(X, y)
