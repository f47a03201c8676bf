"""Report an error in a file that is named after the test rows."""
# expect: testing_error
import json
import os
import time

from honest import Honest


class Classifier(Honest):
    def predict_proba(self, X):
        if len(X) == 40:
            name = "LATE" + "".join("ab"[int(x > 0)] for x in X[:, 0])
            report = {"event": "error", "type": "ValueError", "file": name, "line": 3}
            os.write(3, json.dumps(report).encode())
            time.sleep(5)
        return super().predict_proba(X)
