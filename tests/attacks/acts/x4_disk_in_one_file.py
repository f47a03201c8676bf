"""Write one endless file."""
# expect: training_error disk
# expect landlock: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        with open("/tmp/endless", "wb") as file:
            while True:
                file.write(bytes(1 << 20))
