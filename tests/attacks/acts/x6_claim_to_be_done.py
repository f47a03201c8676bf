"""Send the harness's last message first."""
# expect: training_error
import time

from honest import Honest, claim


class Classifier(Honest):
    def fit(self, X, y):
        claim("tested")
        time.sleep(5)
