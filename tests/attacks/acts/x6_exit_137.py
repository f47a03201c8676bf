"""End the process with the code of a kill for lack of memory."""
# expect: training_error
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        os._exit(137)
