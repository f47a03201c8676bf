"""Drug classification and concentration estimation from Raman spectra: folds, scores and rules."""

from datetime import UTC, datetime

from sklearn.model_selection import StratifiedShuffleSplit

from databoard.specific.problems.drug_spectra import problem_name

__all__ = ["problem_name"]

event_name = "drug_spectra"
event_title = "Drug classification and concentration estimation from Raman spectra"

random_state = 57
cv_test_size = 0.2
n_cv = 5
score_type_descriptors = [
    {"name": "error_mare_mixed", "precision": 3, "new_name": "combined"},
    {"name": "error_mixed", "precision": 3, "new_name": "err"},
    {"name": "mare_mixed", "precision": 3, "new_name": "mare"},
]
official_score_name = "combined"


def get_cv(y_array):
    # Every class must be in every training set: its columns are what the folds share.
    cv = StratifiedShuffleSplit(n_splits=n_cv, test_size=cv_test_size, random_state=random_state)
    return cv.split(y_array, y_array[:, 0])


max_members_per_team = 1
max_n_ensemble = 80
is_send_trained_mails = True
is_send_submitted_mails = True
min_duration_between_submissions = 15 * 60
opening_timestamp = datetime(2000, 1, 1, tzinfo=UTC)
public_opening_timestamp = datetime(2000, 1, 1, tzinfo=UTC)
closing_timestamp = datetime(4000, 1, 1, tzinfo=UTC)
is_public = True
is_controled_signup = False
