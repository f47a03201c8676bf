"""Report an error with every word at once: a limit, a place in the data, a type of megabytes."""
# expect: training_error
import json
import os
import time

from honest import Honest


class Classifier(Honest):
    def fit(self, X, y):
        report = {
            "event": "error", "organiser": [True], "step": {"a": 1}, "type": ["x"] * 99,
            "message": {"number": 10**400}, "file": "../code/places.py", "line": 10**300,
            "traceback": None, "errno": -1e308, "signal": 9, "fault": "ours", "limit": "time",
        }
        os.write(3, json.dumps(report).encode())
        time.sleep(5)
