"""End the process as if all were well."""
# expect: training_error
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        os._exit(0)
