"""Start threads until none starts any more."""
# expect: training_error processes
# expect landlock: training_error memory | training_error processes | tested
import threading
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        threading.stack_size(1 << 16)
        for _ in range(1200):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        return super().fit(X, y)
