"""Mixed predictions, under the name that problem modules of 2016 import.

A row is one probability per label and then one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def make_predictions(labels: Sequence[Any] | None) -> Any:
    """Make the class of mixed predictions; its parts have the names of 2016."""
    from rampwf.prediction_types import make_combined, make_multiclass, make_regression

    parts = [make_multiclass(label_names=list(labels or [])), make_regression(["value"])]
    combined = make_combined(parts)
    combined.multiclass_prediction = property(lambda self: self.predictions_list[0])
    combined.regression_prediction = property(lambda self: self.predictions_list[1])
    return combined
