"""Report an error that would be the organiser's fault."""
# expect: training_error
import json
import os
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        report = {"event": "error", "organiser": True, "step": "starting", "type": "KitError"}
        os.write(3, json.dumps(report).encode())
        time.sleep(5)
