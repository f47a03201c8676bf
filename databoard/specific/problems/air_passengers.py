"""Air passengers: how full flights are, from date and route, with data that teams bring along.

Flights and weather are simulated from a fixed seed. The weather is no column of the data: it comes
as ``external_data.csv`` with every submission, and teams may put other columns into it.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import databoard.regression_prediction as prediction
from databoard.config import problems_path, starting_kit_d_name
from databoard.specific import tables

__all__ = ["prediction"]

problem_name = "air_passengers"
problem_title = "Number of air passengers"
workflow_name = "feature_extractor_regressor_with_external_data_workflow"
prediction_labels = None
target_column_name = "log_PAX"
random_state = 57
n_flights = 2800
folder = Path(problems_path) / problem_name

days = pd.date_range("2011-09-01", "2012-12-31", freq="D")
# By airport: how many people it draws, mean temperature and its swing over the year in Celsius,
# and how much warm weather there draws more.
AIRPORTS = {
    "ATL": (0.9, 17, 10, 0.00),
    "BOS": (0.2, 11, 13, 0.01),
    "DEN": (0.4, 10, 13, -0.02),
    "DFW": (0.5, 19, 11, 0.00),
    "JFK": (0.7, 13, 13, 0.01),
    "LAS": (0.3, 20, 12, -0.01),
    "LAX": (0.8, 18, 4, 0.02),
    "MIA": (0.3, 25, 4, 0.03),
    "ORD": (0.8, 10, 14, 0.00),
    "SFO": (0.4, 14, 4, 0.01),
}


def simulate_weather(rng):
    """Make a row per airport and day."""
    season = np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 200) / 365)
    airports = []
    for name, (_, mean, swing, _) in AIRPORTS.items():
        temperature = mean + swing * season + rng.normal(0, 4, len(days))
        rain = np.where(rng.uniform(size=len(days)) < 0.3, rng.exponential(9, len(days)), 0.0)
        airports.append(
            pd.DataFrame(
                {
                    "Date": days.strftime("%Y-%m-%d"),
                    "AirPort": name,
                    "Max TemperatureC": (temperature + 5).round(),
                    "Mean TemperatureC": temperature.round(),
                    "Min TemperatureC": (temperature - 6).round(),
                    "Precipitationmm": rain.round(1),
                }
            )
        )
    return pd.concat(airports, ignore_index=True)


def simulate_flights(rng, weather):
    """Make a row per flight; its passengers follow route, calendar and weather."""
    names = np.array(list(AIRPORTS))
    pull = np.array([AIRPORTS[name][0] for name in names])
    sun = np.array([AIRPORTS[name][3] for name in names])
    departures = rng.integers(len(names), size=n_flights)
    arrivals = (departures + rng.integers(1, len(names), size=n_flights)) % len(names)
    dates = rng.integers(len(days), size=n_flights)
    weeks = rng.normal(11.5, 2.5, n_flights).clip(4, 20)
    there = weather.iloc[arrivals * len(days) + dates]
    weekday = days.day_of_week.to_numpy()[dates]
    month = days.month.to_numpy()[dates]
    log_pax = (
        10.0
        + pull[departures]
        + pull[arrivals]
        + np.where(np.isin(weekday, (4, 6)), 0.45, 0.0)
        - np.where(weekday == 5, 0.4, 0.0)
        + np.where(np.isin(month, (7, 8, 12)), 0.35, 0.0)
        + sun[arrivals] * there["Mean TemperatureC"].to_numpy()
        - 0.02 * there["Precipitationmm"].to_numpy()
        + 0.05 * (weeks - 11.5)
        + rng.normal(0, 0.3, n_flights)
    )
    return pd.DataFrame(
        {
            "DateOfDeparture": days.strftime("%Y-%m-%d").to_numpy()[dates],
            "Departure": names[departures],
            "Arrival": names[arrivals],
            "WeeksToDeparture": weeks.round(4),
            "std_wtd": rng.uniform(6, 12, n_flights).round(4),
            target_column_name: log_pax.round(6),
        }
    )


def prepare_data():
    rng = np.random.default_rng(random_state)
    weather = simulate_weather(rng)
    path = folder / starting_kit_d_name / "external_data.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    weather.to_csv(path, index=False, lineterminator="\n")
    tables.write(folder, tables.split(simulate_flights(rng, weather), random_state))


def read_data(part):
    table = pd.read_csv(tables.part_path(folder, part))
    return table.drop(columns=target_column_name), table[target_column_name].to_numpy()


def get_train_data():
    return read_data("train")


def get_test_data():
    return read_data("test")
