"""Look for the arrays that joblib has written out for the workers of another box."""
# expect: tested
# folds: 2
import os

import numpy as np
from honest import Honest, attempt

PLACES = ["/dev/shm", "/tmp", os.path.expanduser("~"), "/run/shm", "/var/tmp"]


def leave(X):
    from joblib import Parallel, delayed, dump

    jobs = Parallel(n_jobs=2, max_nbytes=100)
    jobs(delayed(np.sum)(column) for column in (X[:, 0], X[:, 1]))
    for folder in PLACES:
        name = os.path.join(folder, "joblib_memmapping_folder_act")
        attempt(lambda n=name: dump(X, n))


class Classifier(Honest):
    def fit(self, X, y):
        for folder in PLACES:
            for name in attempt(lambda f=folder: os.listdir(f)) or []:
                if "joblib" in name or "loky" in name:
                    print("CANARY-OWN:", folder, name)
        leave(X)
        return super().fit(X, y)
