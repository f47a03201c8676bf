"""Variable stars: four types, told by light curves that are measured at uneven times.

The stars are simulated from a fixed seed: an RR Lyrae and a Cepheid have a steep rise and a slow
fall, an eclipsing binary has two dips, a long-period variable is nearly a sine.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import databoard.multiclass_prediction as prediction
from databoard.config import problems_path
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "variable_stars"
problem_title = "Types of variable stars from light curves"
workflow_name = "feature_extractor_classifier_calibrator_workflow"
prediction_labels = [1.0, 2.0, 3.0, 4.0]
target_column_name = "type"
random_state = 57
n_stars = 900
bands = ("b", "r")
folder = Path(problems_path) / problem_name
suffix = "_varlength_features"

# By type: log10 of the period in days (mean, spread), colour b - r, amplitude.
TYPES = {
    1.0: (-0.15, 0.30, 0.45, 0.55),
    2.0: (0.35, 0.35, 0.60, 0.60),
    3.0: (0.10, 0.45, 0.55, 0.50),
    4.0: (0.45, 0.40, 0.75, 0.45),
}


def light_curve(kind, phase):
    """Give the brightness of a type at phases from 0 to 1, with an amplitude of about one."""
    if kind == 3.0:
        dips = np.exp(-(((phase - 0.25) / 0.06) ** 2)) + 0.6 * np.exp(
            -(((phase - 0.75) / 0.06) ** 2)
        )
        return 0.5 - dips
    if kind == 4.0:
        return 0.5 * np.sin(2 * np.pi * phase)
    rise = 0.15 if kind == 1.0 else 0.35
    return np.where(phase < rise, phase / rise, (1 - phase) / (1 - rise)) - 0.5


def simulate_star(rng, kind):
    """Make one star: its columns of one number, and its columns of many."""
    log_period, spread, colour, amplitude = TYPES[kind]
    period = 10 ** rng.normal(log_period, spread)
    size = amplitude * rng.lognormal(0.0, 0.35)
    magnitude = rng.normal(17.0, 1.0)
    mean = {"b": magnitude, "r": magnitude - rng.normal(colour, 0.2)}
    start, noise = rng.uniform(0, 1), rng.uniform(0.03, 0.15)
    curves = {}
    for band, share in zip(bands, (1.0, 0.7), strict=True):
        times = np.sort(rng.uniform(0, 120, size=rng.integers(20, 60)))
        light = light_curve(kind, (times / period + start) % 1.0)
        points = mean[band] - share * size * light + rng.normal(0, noise, len(times))
        curves[f"time_points_{band}"] = times.round(4).tolist()
        curves[f"light_points_{band}"] = points.round(4).tolist()
    static = {
        "magnitude_b": round(mean["b"], 4),
        "magnitude_r": round(mean["r"], 4),
        "period": round(period, 6),
        target_column_name: kind,
    }
    return static, curves


def prepare_data():
    rng = np.random.default_rng(random_state)
    kinds = rng.choice(prediction_labels, size=n_stars, p=[0.3, 0.25, 0.25, 0.2])
    stars = [simulate_star(rng, kind) for kind in kinds]
    static = pd.DataFrame([star for star, _ in stars]).rename_axis("star")
    curves = pd.DataFrame([curve for _, curve in stars]).rename_axis("star")
    parts = tables.split(static, random_state, target_column_name)
    tables.write(folder, parts, index=True)
    tables.write(
        folder, {part: curves.loc[rows.index] for part, rows in parts.items()}, suffix, index=True
    )


def read_data(part):
    """Read X, a list with a dict per star, and y, an array of types."""
    static = pd.read_csv(tables.part_path(folder, part), index_col="star")
    curves = pd.read_csv(tables.part_path(folder, part, suffix), index_col="star")
    columns = {
        name: [[float(number) for number in text[1:-1].split(",")] for text in curves[name]]
        for name in curves.columns
    }
    y_array = static.pop(target_column_name).to_numpy()
    X_dict = [
        star | {name: columns[name][i] for name in columns}
        for i, star in enumerate(static.to_dict(orient="records"))
    ]
    return X_dict, y_array


def get_train_data():
    return read_data("train")


def get_test_data():
    return read_data("test")
