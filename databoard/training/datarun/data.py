"""The data of a problem, as they are sent to a datarun server."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from databoard.errors import KitError
from databoard.kits.loading import load_kit
from databoard.services.problems import element_names
from databoard.store.models import Problem
from databoard.training.datarun.client import Client


@dataclass(frozen=True)
class Data:
    """What a datarun server needs of a problem.

    Attributes
    ----------
    name : str
        Of the problem and the bytes of its files: other data have another name there.
    elements : tuple of str
        Of the workflow.
    files : mapping
        Bytes by name: a table, or several files of which one is a Python module.
    held_out_test : float or None
        Share of the table's rows that are for the test; None where the module cuts the data.
    """

    name: str
    target_column: str
    elements: tuple[str, ...]
    files: Mapping[str, bytes]
    held_out_test: float | None
    random_state: int

    @classmethod
    def of(cls, problem: Problem, problems_dir: Path) -> Data:
        """Read what the problem's module says, as in 2016, and the files that it names.

        Raises
        ------
        KitError
            If it says too little, or names a file that is not there.
        """
        elements = element_names(problem.workflow)
        kit = load_kit(problem.name, problems_dir, element_names=elements)
        said = vars(kit.module)
        extra = list(said.get("extra_files") or ())
        files = {}
        for path in [Path(name) for name in (said.get("raw_filename"), *extra) if name]:
            try:
                files[path.name] = (kit.path / path).read_bytes()
            except OSError as error:
                raise KitError(
                    f"{problem.name} names {path} for datarun: {error.strerror}."
                ) from None
        n_modules = sum(name.endswith(".py") for name in files)
        is_table = len(files) == 1 and n_modules == 0 and "held_out_test_size" in said
        if not is_table and not (len(files) > 1 and n_modules == 1):
            raise KitError(
                f"{problem.name} does not say what a datarun server needs.",
                "Its module names raw_filename, and either held_out_test_size and "
                "target_column_name, or extra_files with one Python module among them; "
                "see docs/how-to/datarun.md.",
            )
        total = hashlib.sha256()
        for name, content in sorted(files.items()):
            total.update(f"{name} {len(content)}\n".encode() + content)
        return cls(
            name=f"{problem.name[:27]}_{total.hexdigest()[:12]}",  # at most 40 characters there
            target_column=str(said.get("target_column_name", "specific")),
            elements=tuple(element.name for element in problem.workflow.elements),
            files=files,
            held_out_test=float(said["held_out_test_size"]) if is_table else None,
            random_state=int(said.get("random_state", 42)),
        )


def send(client: Client, data: Data) -> int:
    """Send data that the server has not yet, have them cut, and return their number there."""
    data_id = client.data_sets().get(data.name)
    if data_id is None:
        data_id = client.send_data(data.name, data.target_column, data.elements, data.files)
    if data.held_out_test is None:
        client.split_by_module(data_id)
    else:
        client.split(data_id, data.held_out_test, data.random_state)
    return data_id
