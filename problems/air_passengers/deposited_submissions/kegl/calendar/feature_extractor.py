import os

import pandas as pd


class FeatureExtractor:
    """Airports, calendar, weeks to departure, and the weather where the flight lands."""

    def fit(self, X_df, y):
        self.airports = sorted(set(X_df["Departure"]) | set(X_df["Arrival"]))
        return self

    def transform(self, X_df):
        here = os.path.dirname(os.path.abspath(__file__))
        weather = pd.read_csv(os.path.join(here, "external_data.csv"))
        weather = weather.set_index(["Date", "AirPort"])[["Mean TemperatureC", "Precipitationmm"]]
        there = pd.MultiIndex.from_frame(X_df[["DateOfDeparture", "Arrival"]])
        features = weather.reindex(there).reset_index(drop=True)
        dates = pd.to_datetime(X_df["DateOfDeparture"]).reset_index(drop=True)
        features["weeks"] = X_df["WeeksToDeparture"].to_numpy()
        for weekday in range(7):
            features[f"weekday_{weekday}"] = dates.dt.day_of_week == weekday
        for month in range(1, 13):
            features[f"month_{month}"] = dates.dt.month == month
        for airport in self.airports:
            to_here = (X_df["Arrival"] == airport).to_numpy()
            features[f"from_{airport}"] = (X_df["Departure"] == airport).to_numpy()
            features[f"to_{airport}"] = to_here
            features[f"warm_{airport}"] = to_here * features["Mean TemperatureC"]
        return features.to_numpy(dtype=float)
