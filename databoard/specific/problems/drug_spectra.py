"""Drug spectra: which molecule a vial holds, and how much of it, from its Raman spectrum.

The spectra are simulated from a fixed seed: each molecule has its peaks, whose height grows with
the concentration; solvent, fluorescence and noise lie over them.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

import databoard.mixed_prediction as prediction
from databoard.config import problems_path
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "drug_spectra"
problem_title = "Molecule and concentration from Raman spectra"
workflow_name = "feature_extractor_classifier_regressor_workflow"
prediction_labels = ["A", "B", "Q", "R"]
target_column_name_clf = "molecule"
target_column_name_reg = "concentration"
random_state = 57
n_vials = 800
n_shifts = 120
folder = Path(problems_path) / problem_name

# By molecule: place and height of its peaks on an axis from 0 to 1. A and B are alike, as Q and R.
PEAKS = {
    "A": ((0.22, 1.0), (0.48, 0.7), (0.71, 0.5)),
    "B": ((0.23, 1.0), (0.49, 0.5), (0.74, 0.6)),
    "Q": ((0.31, 0.9), (0.55, 0.8), (0.80, 0.4)),
    "R": ((0.32, 0.9), (0.57, 0.6), (0.79, 0.6)),
}
SOLVENTS = {1: (0.12, 0.6), 2: (0.88, 0.5), 3: (0.40, 0.4)}


def peak(shifts, place, height, width=0.02):
    return height / (1 + ((shifts - place) / width) ** 2)


def simulate_spectrum(rng, molecule, concentration, solute):
    """Give the light scattered at each shift."""
    shifts = np.linspace(0, 1, n_shifts)
    signal = sum(peak(shifts, *line) for line in PEAKS[molecule]) * concentration / 10
    solvent = peak(shifts, *SOLVENTS[solute], width=0.05)
    glow = rng.uniform(0.2, 3.0) * np.exp(-rng.uniform(0.5, 3.0) * shifts)
    light = (signal + solvent + glow) * rng.lognormal(0, 0.1)
    return (light + rng.normal(0, 0.05, n_shifts)).round(4).tolist()


def prepare_data():
    rng = np.random.default_rng(random_state)
    molecules = rng.choice(prediction_labels, size=n_vials)
    concentrations = rng.choice([2.5, 5.0, 7.5, 10.0, 15.0, 20.0], size=n_vials)
    solutes = rng.integers(1, len(SOLVENTS) + 1, size=n_vials)
    table = pd.DataFrame(
        {
            "spectra": [
                json.dumps(simulate_spectrum(rng, *vial))
                for vial in zip(molecules, concentrations, solutes, strict=True)
            ],
            "solute": solutes,
            "vial": rng.permutation(n_vials),
            target_column_name_clf: molecules,
            target_column_name_reg: concentrations,
        }
    )
    tables.write(folder, tables.split(table, random_state, target_column_name_clf))


def read_data(part):
    """Read X, whose column ``spectra`` holds lists, and y of columns molecule, concentration."""
    table = pd.read_csv(tables.part_path(folder, part))
    targets = [target_column_name_clf, target_column_name_reg]
    X_df = table.drop(columns=targets)
    X_df["spectra"] = [json.loads(text) for text in X_df["spectra"]]
    return X_df, table[targets].to_numpy(dtype=object)


def get_train_data():
    return read_data("train")


def get_test_data():
    return read_data("test")
