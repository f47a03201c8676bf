"""Leave one's memory to the machine's own collector of crashes, which no limit of a box holds."""
# expect: tested
import resource

from honest import Honest, attempt


def ask_for_none():
    # Of none the kernel makes no file, but a collector behind a pipe gets the whole of it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return True


class Classifier(Honest):
    def fit(self, X, y):
        with open("/proc/self/limits") as limits:
            (line,) = [line for line in limits if line.startswith("Max core file size")]
        # A limit of 1 is what a collector itself has, and the only one that stops it.
        if line.split()[4:6] != ["1", "1"]:
            print("CANARY-OWN:", line)
        if attempt(ask_for_none):
            print("CANARY-OWN: a dump may be had")
        return super().fit(X, y)
