"""Diabetes: how far the disease has gone after a year, from ten measurements of a patient."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes

import databoard.regression_prediction as prediction
from databoard.config import problems_path
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "diabetes"
problem_title = "Progression of diabetes after one year"
workflow_name = "regressor_workflow"
prediction_labels = None
target_column_name = "progression"
random_state = 57
folder = Path(problems_path) / problem_name


def prepare_data():
    measured = load_diabetes(as_frame=True, scaled=False)
    table = measured.data.assign(**{target_column_name: measured.target})
    tables.write(folder, tables.split(table, random_state))


def read_data(path):
    table = pd.read_csv(path)
    return table.drop(columns=target_column_name).to_numpy(), table[target_column_name].to_numpy()


def get_train_data():
    return read_data(tables.part_path(folder, "train"))


def get_test_data():
    return read_data(tables.part_path(folder, "test"))
