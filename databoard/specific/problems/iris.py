"""Iris: three species, told by four measurements of the flower."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_iris

import databoard.multiclass_prediction as prediction
from databoard.config import problems_path
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "iris"
problem_title = "Iris species from flower measurements"
workflow_name = "classifier_workflow"
prediction_labels = ["setosa", "versicolor", "virginica"]
target_column_name = "species"
random_state = 57
folder = Path(problems_path) / problem_name


def prepare_data():
    measured = load_iris(as_frame=True)
    names = [name.removesuffix(" (cm)").replace(" ", "_") for name in measured.feature_names]
    table = measured.data.set_axis(names, axis=1)
    table[target_column_name] = [prediction_labels[kind] for kind in measured.target]
    tables.write(folder, tables.split(table, random_state, target_column_name))


def read_data(path):
    table = pd.read_csv(path)
    return table.drop(columns=target_column_name).to_numpy(), table[target_column_name].to_numpy()


def get_train_data():
    return read_data(tables.part_path(folder, "train"))


def get_test_data():
    return read_data(tables.part_path(folder, "test"))
