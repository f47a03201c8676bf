"""Sleep."""
# expect: training_error time
# seconds: 1
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        time.sleep(1000)
