"""Names that older kits use and that NumPy 2 and pandas 3 no longer have.

A public kit runs unmodified where a new name means exactly the same; nothing that exists is
changed. The box calls this too, since submissions are as old as their kits.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import warnings
from typing import Any

NUMPY_NAMES: dict[str, Any] = {
    "in1d": "isin",
    "product": "prod",
    "cumproduct": "cumprod",
    "alltrue": "all",
    "sometrue": "any",
    "trapz": "trapezoid",
    "float_": "float64",
    "NaN": "nan",
    "Inf": "inf",
    "int": int,
    "float": float,
    "object": object,
}


def revive_old_names() -> None:
    """Give NumPy and pandas their former names back, and pandas its former text columns."""
    numpy = importlib.import_module("numpy")
    for old, new in NUMPY_NAMES.items():
        if old not in vars(numpy):
            setattr(numpy, old, getattr(numpy, new) if isinstance(new, str) else new)
    with contextlib.suppress(ImportError):
        pandas = importlib.import_module("pandas")
        if not hasattr(pandas.DataFrame, "applymap"):
            pandas.DataFrame.applymap = pandas.DataFrame.map
        # The variable counts only where pandas is imported after it is set; pandas 3 warns that
        # the option goes, and pandas 4 will not have it.
        infer = os.environ.get("PANDAS_FUTURE_INFER_STRING", "0") == "1"
        with warnings.catch_warnings(), contextlib.suppress(KeyError, AttributeError):
            warnings.simplefilter("ignore")
            pandas.set_option("future.infer_string", infer)
