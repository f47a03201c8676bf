"""databoard: a self-hosted leaderboard for machine-learning challenges."""

__version__ = "1.0.0"
