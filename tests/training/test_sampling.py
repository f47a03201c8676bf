"""Rows for checks: public ones where there are any, else no label stays with its row (L11)."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from databoard.kits.loading import load_kit
from databoard.training import sampling


@pytest.fixture
def kit_dir(problems: Path, tmp_path: Path) -> Path:
    shutil.copytree(problems / "flowers", tmp_path / "flowers")
    return tmp_path / "flowers"


def sample_of(folder: Path, *, is_open: bool) -> tuple[sampling.Sample, pd.DataFrame, list[str]]:
    """Return a sample, and X and y of the training rows that it was taken from."""
    kit = load_kit(folder.name, folder.parent)
    X, y = kit.train_data()
    part = sampling.sample(kit, X, y, is_open=is_open)
    return part, X, y[part.X.index].tolist()


def test_training_rows_are_shown_with_labels_of_other_rows(kit_dir: Path) -> None:
    part, X, labels = sample_of(kit_dir, is_open=False)

    pd.testing.assert_frame_equal(part.X, X.loc[part.X.index])
    assert sorted(part.y) == sorted(labels)
    n_right = sum(a == b for a, b in zip(part.y, labels, strict=True))
    assert n_right < 0.7 * len(labels)
    assert (part.is_public, part.source) == (False, "training rows with the labels of other rows")


def test_nobody_can_deal_the_labels_again(kit_dir: Path) -> None:
    first, _, _ = sample_of(kit_dir, is_open=False)
    second, _, _ = sample_of(kit_dir, is_open=False)

    assert first.X.equals(second.X)
    assert list(first.y) != list(second.y)


def test_an_event_that_shows_logs_has_its_own_labels(kit_dir: Path) -> None:
    part, _, labels = sample_of(kit_dir, is_open=True)

    assert list(part.y) == labels
    assert not part.is_public


@pytest.mark.parametrize("place", ["starting_kit/data", "data/public"])
def test_rows_of_the_starting_kit_are_public(kit_dir: Path, place: str) -> None:
    public = kit_dir / place / "train.csv"
    public.parent.mkdir(parents=True)
    pd.read_csv(kit_dir / "data" / "test.csv").head(20).to_csv(public, index=False)

    part, _, _ = sample_of(kit_dir, is_open=False)

    assert part.is_public
    assert part.source == f"rows of the starting kit, {place}"
    assert list(part.y) == pd.read_csv(public)["target"].tolist()


def test_a_kit_that_does_not_look_where_it_should_has_no_public_rows(kit_dir: Path) -> None:
    public = kit_dir / "starting_kit" / "data" / "train.csv"
    public.parent.mkdir(parents=True)
    shutil.copy(kit_dir / "data" / "test.csv", public)
    code = kit_dir / "problem.py"
    here = f"path = {str(kit_dir)!r}\n    data = pd.read_csv("
    code.write_text(code.read_text().replace("data = pd.read_csv(", here))

    part, _, _ = sample_of(kit_dir, is_open=False)

    assert not part.is_public


def test_images_in_a_folder_are_sampled_by_name() -> None:
    names = np.array([f"{i}.png" for i in range(5)])

    folder, some = sampling.pick(("data/imgs", names), np.array([0, 3]))

    assert folder == "data/imgs"
    assert some.tolist() == ["0.png", "3.png"]
    assert sampling.pick(("a", "b", "c"), [0, 2]) == ("a", "c"), "labels are no folder"
