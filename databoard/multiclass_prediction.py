"""Multiclass predictions, under the name that problem modules of 2016 import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def make_predictions(labels: Sequence[Any] | None) -> Any:
    """Make the class of predictions with one probability per label."""
    from rampwf.prediction_types import make_multiclass

    return make_multiclass(label_names=list(labels or []))
