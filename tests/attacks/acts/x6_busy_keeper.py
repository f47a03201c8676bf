"""Die by the thousand, so that the keeper has nothing but funerals."""
# expect: training_error time
# seconds: 2
import os

from honest import Honest, attempt


class Classifier(Honest):
    def fit(self, X, y):
        while True:
            child = attempt(os.fork)
            if child == 0:
                attempt(os.fork)
                os._exit(0)
            elif child:
                attempt(lambda c=child: os.waitpid(c, os.WNOHANG))
