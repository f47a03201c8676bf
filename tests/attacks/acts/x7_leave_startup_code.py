"""Leave code that the next interpreter or the next program would load by itself."""
# expect: tested
# folds: 2
import importlib.util
import os
import site
import sys

from honest import Honest, attempt

CODE = "import builtins\nbuiltins.databoard_act = True\n"
FOLDERS = [site.getusersitepackages(), *site.getsitepackages(), sys.prefix, "/tmp", "/job", "/"]
NAMES = ["sitecustomize.py", "usercustomize.py", "databoard_act.pth", "python311.zip"]
FILES = ["/etc/ld.so.preload", os.path.expanduser("~/.pythonrc"), "/etc/profile", "/etc/pip.conf"]
VARIABLES = {"LD_PRELOAD": "/tmp/act.so", "PYTHONSTARTUP": "/tmp/act.py", "PYTHONPATH": "/tmp/act"}


def write(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(CODE)


class Classifier(Honest):
    def fit(self, X, y):
        import builtins

        if hasattr(builtins, "databoard_act") or set(VARIABLES) & set(os.environ):
            print("CANARY-OWN: loaded", sorted(set(VARIABLES) & set(os.environ)))
        paths = [os.path.join(folder, name) for folder in FOLDERS for name in NAMES] + FILES
        for path in paths:
            if attempt(lambda p=path: open(p).read()) == CODE:
                print("CANARY-OWN: still there", path)
            attempt(lambda p=path: write(p))
        for name in ("sitecustomize", "usercustomize"):
            spec = attempt(lambda n=name: importlib.util.find_spec(n))
            if spec and not (spec.origin or "").startswith(("/tmp", os.path.expanduser("~"))):
                if attempt(lambda s=spec: open(s.origin).read()) == CODE:
                    print("CANARY-OWN: shared by all", spec.origin)
        os.environ.update(VARIABLES)
        return super().fit(X, y)
