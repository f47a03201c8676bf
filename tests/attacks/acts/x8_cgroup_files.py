"""Leave the control group, or raise its limits."""
# expect: tested
import glob

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True):
            if attempt(lambda p=path: open(p, "w").write("0")) is not None:
                print("CANARY-OWN: another group")
        return super().fit(X, y)
