"""Say what no file, no database and no page can hold."""
# expect: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        raise ValueError("\udcff\ud800 and \x00 and \x1b[2J")
