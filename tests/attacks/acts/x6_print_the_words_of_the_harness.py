"""Print what the harness says to itself, then fail."""
# expect: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        print('{"event":"tested","dtype":"float64"}', '{"status":0}', "Verdict(state='tested')")
        raise RuntimeError('{"event": "tested"}')
