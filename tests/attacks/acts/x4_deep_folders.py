"""Nest folders as deep as they go, far below the longest path that anything can name."""
# expect: training_error disk
# expect landlock: training_error
import os

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        while True:
            os.mkdir("a" * 200)
            os.chdir("a" * 200)
