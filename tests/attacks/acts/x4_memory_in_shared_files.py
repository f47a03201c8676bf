"""Fill /dev/shm."""
# expect: training_error disk
# expect landlock: training_error
from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        for i in range(100):
            with open(f"/dev/shm/{i}", "wb") as file:
                file.write(bytes(1 << 20))
        return super().fit(X, y)
