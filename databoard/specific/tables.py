"""Cut a table into public, training and test rows, and write them where problems keep them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

PUBLIC_SHARE = 0.3
TEST_SHARE = 0.25


def split(
    table: pd.DataFrame, random_state: int, stratify: str | None = None
) -> dict[str, pd.DataFrame]:
    """Cut a table into ``public``, ``train`` and ``test`` rows; none is in two of them."""
    table = table.drop_duplicates()
    rest, test = train_test_split(
        table,
        test_size=TEST_SHARE,
        random_state=random_state,
        stratify=None if stratify is None else table[stratify],
    )
    train, public = train_test_split(
        rest,
        test_size=PUBLIC_SHARE / (1 - TEST_SHARE),
        random_state=random_state,
        stratify=None if stratify is None else rest[stratify],
    )
    return {"public": public, "train": train, "test": test}


def write(folder: Path, parts: dict[str, pd.DataFrame], suffix: str = "", **options: bool) -> None:
    """Write the parts of a table as csv files.

    The public part goes into the starting kit, the others into ``data/private``.
    """
    for part, table in parts.items():
        path = part_path(folder, part, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, **{"index": False, **options}, lineterminator="\n")


def part_path(folder: Path, part: str, suffix: str = "") -> Path:
    """Tell where a part of a problem's table lies."""
    if part == "public":
        return folder / "starting_kit" / f"public_train{suffix}.csv"
    return folder / "data" / "private" / f"{part}{suffix}.csv"
