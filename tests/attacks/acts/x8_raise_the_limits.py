"""Raise one's own limits, or be the last that the kernel kills."""
# expect: tested
import resource

from honest import Honest, attempt


def raise_limit(number):
    soft, hard = resource.getrlimit(number)
    resource.setrlimit(number, (hard + 1, hard + 1))
    print("CANARY-OWN: a limit was raised")


class Classifier(Honest):
    def fit(self, X, y):
        for name in ("RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CPU"):
            attempt(lambda n=name: raise_limit(getattr(resource, n)))
        if attempt(lambda: open("/proc/self/oom_score_adj", "w").write("-900")) is not None:
            if attempt(lambda: open("/proc/self/oom_score_adj").read().strip()) == "-900":
                print("CANARY-OWN: the last to be killed")
        return super().fit(X, y)
