"""Digits: hand-written figures as images of eight by eight pixels."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_digits

import databoard.multiclass_prediction as prediction
from databoard.config import problems_path
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "digits"
problem_title = "Hand-written digits from small images"
workflow_name = "classifier_workflow"
prediction_labels = list(range(10))
target_column_name = "digit"
random_state = 57
side = 8
folder = Path(problems_path) / problem_name


def prepare_data():
    images, digits = load_digits(return_X_y=True)
    names = [f"pixel_{row}_{column}" for row in range(side) for column in range(side)]
    table = pd.DataFrame(images.astype(int), columns=names)
    table[target_column_name] = digits
    tables.write(folder, tables.split(table, random_state, target_column_name))


def read_data(path):
    """Read images of shape (n_samples, 8, 8), ink from 0 to 16, and their digits."""
    table = pd.read_csv(path)
    pixels = table.drop(columns=target_column_name).to_numpy(dtype=float)
    return pixels.reshape(-1, side, side), table[target_column_name].to_numpy()


def get_train_data():
    return read_data(tables.part_path(folder, "train"))


def get_test_data():
    return read_data(tables.part_path(folder, "test"))
