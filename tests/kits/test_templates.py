"""A new problem is complete: it loads, is found in order, and its starting kit trains at once."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from databoard.errors import DuplicateError, InvalidError
from databoard.kits.checking import check
from databoard.kits.loading import load_kit
from databoard.kits.templates import TEMPLATES, write_kit


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_problem_trains_at_once(tmp_path, template):
    folder = write_kit("tea", template, tmp_path)

    findings = check("tea", tmp_path)
    assert [one for one in findings if one.level in ("error", "warning")] == []
    kit = load_kit("tea", tmp_path)
    X, y = kit.train_data()
    train_is, valid_is = kit.folds(X, y)[0]
    path = str(folder / "submissions" / "starting_kit")
    try:
        model = kit.workflow.train_submission(path, X, y, train_is)
        y_pred = kit.workflow.test_submission(model, X)
    finally:
        for name in ("classifier", "regressor", "feature_extractor"):
            sys.modules.pop(name, None)
    y_pred = np.asarray(y_pred)
    if template == "classifier":
        assert (y_pred.argmax(axis=1) == y)[valid_is].mean() > 0.85
    else:
        assert np.sqrt(np.mean((np.ravel(y_pred) - y)[valid_is] ** 2)) < 1.5


def test_the_same_name_gives_the_same_bytes(tmp_path):
    one, other = (write_kit("tea", "classifier", tmp_path / part) for part in "ab")
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())

    assert len(files) == 5
    assert all((one / path).read_bytes() == (other / path).read_bytes() for path in files)


@pytest.mark.parametrize(
    ("name", "template"), [("not-valid", "classifier"), ("tea", "poem"), ("../x", "classifier")]
)
def test_what_cannot_be_a_problem_is_refused(tmp_path, name, template):
    with pytest.raises(InvalidError):
        write_kit(name, template, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "tea").mkdir()
    with pytest.raises(DuplicateError):
        write_kit("tea", "classifier", tmp_path)
    assert list((tmp_path / "tea").iterdir()) == []
