"""Logs say what they are about, one line per event, and JSON where programs read them."""

from __future__ import annotations

import io
import json
import logging

import pytest

from databoard import logs
from databoard.logs import profiled


@pytest.fixture
def stream():
    root = logging.getLogger()
    known, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = known, level


def test_json_lines_carry_what_they_are_about(stream):
    logs.configure(as_json=True, stream=stream)
    with logs.about(request="r1"), logs.about(submission="abc"):
        logging.getLogger("databoard.x").info("%s\nbegan", "fold")
    logging.getLogger("databoard.x").warning("later")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["message"] == "fold\nbegan"
    assert (first["request"], first["submission"]) == ("r1", "abc")
    assert second["level"] == "warning"
    assert "submission" not in second


def test_a_trace_is_part_of_its_line(stream):
    logs.configure(as_json=True, stream=stream)
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("databoard.x").exception("failed")

    (line,) = stream.getvalue().splitlines()
    assert "ValueError: no" in json.loads(line)["trace"]


def test_a_line_break_forges_no_line_for_people(stream):
    logs.configure(as_json=False, stream=stream)
    with logs.about(request="r1"):
        logging.getLogger("databoard.x").info("a\nb")

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("a\\nb [request=r1]\n")


def test_profiled_says_how_long_a_block_took(caplog):
    with caplog.at_level("INFO"), profiled("blending"):
        pass

    assert "blending took 0.0" in caplog.text
