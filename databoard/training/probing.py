"""The trusted side of the probe: a tier is believed when this job finds no hole in it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from databoard.training import wire
from databoard.training.box import Isolation, Zygote
from databoard.training.host import FoldData, FoldRun
from databoard.training.wire import FoldTask, Form, Limits


def run_probe(zygote: Zygote, isolation: Isolation, canary: str) -> str:
    """Run the probe job; return "" if the walls hold, or what is wrong."""
    limits = Limits(seconds=20, memory_mb=256, disk_mb=16)
    task = FoldTask(Path(), "probe", None, 0, limits, log="full")
    empty = wire.freeze([b""])
    form = Form("array", (1,))
    data = FoldData("probe", {"submission/empty.py": b""}, empty, empty, None, form, None)
    run = _ProbeRun(task, data, zygote, isolation, lambda _: None, os.eventfd(0))
    run.canary = canary
    try:
        result = run.run()
    except OSError as error:
        return str(error)
    finally:
        wire.close(empty, run.cancel)
    if run.status == 0:
        return ""
    return result.log.decode(errors="replace").strip() or result.verdict.message


class _ProbeRun(FoldRun):
    """A box that runs the probe instead of a submission."""

    canary = ""

    def _request(self, stack: contextlib.ExitStack, n_cgroups: int) -> dict[str, Any]:
        return {**super()._request(stack, n_cgroups), "job": "probe", "canary": self.canary}
