"""Start small threads until the machine has no number for one more process."""
# expect: training_error processes
# expect landlock: training_error processes | training_error memory
import threading
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        threading.stack_size(1 << 15)
        for _ in range(600):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        time.sleep(5)
        return super().fit(X, y)
