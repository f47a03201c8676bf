"""Iris classification: folds, scores and rules."""

from datetime import UTC, datetime

from sklearn.model_selection import StratifiedShuffleSplit

from databoard.specific.problems.iris import problem_name

__all__ = ["problem_name"]

event_name = "iris"
event_title = "Iris classification"

random_state = 57
cv_test_size = 0.3
n_cv = 5
score_type_descriptors = [
    {"name": "accuracy", "precision": 3, "new_name": "acc"},
    "error",
    {"name": "negative_log_likelihood", "precision": 3, "new_name": "nll"},
]


def get_cv(y_array):
    cv = StratifiedShuffleSplit(n_splits=n_cv, test_size=cv_test_size, random_state=random_state)
    return cv.split(y_array, y_array)


max_members_per_team = 3
max_n_ensemble = 80
is_send_trained_mails = False
is_send_submitted_mails = False
min_duration_between_submissions = 60
opening_timestamp = datetime(2000, 1, 1, tzinfo=UTC)
public_opening_timestamp = datetime(2000, 1, 1, tzinfo=UTC)
closing_timestamp = datetime(4000, 1, 1, tzinfo=UTC)
is_public = True
is_controled_signup = False
