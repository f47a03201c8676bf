"""How a submission failed, whose fault it was, and what usually mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from databoard.domain.states import LABELS, Fault
from databoard.errors import NotFoundError
from databoard.store.models import Submission
from databoard.web.language import gettext, lazy_gettext
from databoard.web.leaderboards.highlight import highlight
from databoard.web.leaderboards.sight import Sight
from databoard.web.leaderboards.sources import text

#: What a team reads of an error in an event that keeps its data private (threats L11).
SHORT = 200
#: Lines of the team's code that are shown around the failing one.
AROUND = 3

WHOSE = {
    Fault.TEAM: lazy_gettext("The error is in the submission."),
    Fault.ORGANISER: lazy_gettext(
        "The error is in the problem, not in your code. The organisers can see it."
    ),
    Fault.OURS: lazy_gettext(
        "The error is ours, not in your code. It does not count against your quota."
    ),
}
_UNSCORABLE = lazy_gettext(
    "The score of these predictions could not be computed, which need not be your fault. The "
    "organisers are told, and can train it again once the score is mended. It counts against your "
    "quota."
)
# The first pattern that the message contains gives the advice.
_ADVICE = (
    (
        r"ModuleNotFoundError|ImportError|No module named",
        lazy_gettext(
            "The package is not installed here. The environment tab of the event lists what is."
        ),
    ),
    (
        r"MemoryError|out of memory|memory limit",
        lazy_gettext(
            "Use smaller types, fewer features or fewer trees; the rules tab says the limit."
        ),
    ),
    (
        r"time limit|timed out|Timeout|took too long",
        lazy_gettext(
            "Try fewer iterations or a smaller model first; the rules tab says the limit."
        ),
    ),
    (
        r"NaN|Input contains|infinity|not finite",
        lazy_gettext("Impute what is missing before you fit, and look for divisions by zero."),
    ),
    (
        r"shape|n_columns|dimension|length",
        lazy_gettext(
            "Predict one row per row of X, and one column per class where classes are asked for."
        ),
    ),
    (
        r"PermissionError|FileNotFoundError|Read-only|not permitted",
        lazy_gettext(
            "A submission has no files but its own and no network; all data come as X and y."
        ),
    ),
    (
        r"sys\.exit|SystemExit",
        lazy_gettext("Leave out sys.exit and whatever runs only as a script."),
    ),
    (
        r"AttributeError|NameError|TypeError",
        lazy_gettext(
            "Run the starting kit's test on your machine: it calls your code in the same way."
        ),
    ),
)


@dataclass(frozen=True)
class CodeLine:
    """A line of the code around an error."""

    number: int
    html: Markup
    is_failing: bool


@dataclass(frozen=True)
class Failure:
    """What a page shows of a failed submission."""

    step: str
    whose: str
    is_team: bool
    message: str
    advice: str
    filename: str
    line: int | None
    fold: int | None
    code: list[CodeLine]
    trace: str


def text_of(submission: Submission, *, is_full: bool) -> str:
    """Write the error as plain text; shortened, it carries no private data worth having."""
    if is_full and submission.error_text:
        return submission.error_text
    return f"{_place(submission)}{short(submission.message)}\n"


def short(message: str) -> str:
    """Cut a message to what teams may read."""
    return message if len(message) <= SHORT else f"{message[: SHORT - 1]}…"


def _place(submission: Submission) -> str:
    if not submission.error_file:
        return ""
    line = f", line {submission.error_line}" if submission.error_line else ""
    return f"{submission.error_file}{line}: "


def failure_of(submission: Submission, seen: Sight) -> Failure | None:
    """Collect what is shown of a failure; None if there is none, or none to be seen."""
    if not (submission.is_error and seen.log):
        return None
    message = submission.message
    return Failure(
        step=gettext(LABELS.get(submission.state, submission.state)),
        whose=_whose(submission),
        is_team=submission.fault == Fault.TEAM,
        message=message if seen.full_log else short(message),
        advice=_advice(message, submission.fault),
        filename=submission.error_file,
        line=submission.error_line,
        fold=submission.error_fold,
        code=_code(submission),
        trace=submission.error_text if seen.full_log else "",
    )


def _whose(submission: Submission) -> str:
    if submission.state == "scoring_error" and submission.fault == Fault.ORGANISER:
        return str(_UNSCORABLE)
    return str(WHOSE.get(submission.fault, ""))  # type: ignore[call-overload]


def _advice(message: str, fault: str) -> str:
    if fault != Fault.TEAM:
        return ""
    return next((str(words) for pattern, words in _ADVICE if re.search(pattern, message)), "")


def _code(submission: Submission) -> list[CodeLine]:
    failing = submission.error_line
    if not (submission.error_file and failing):
        return []
    try:
        code = text(submission, submission.error_file)
    except NotFoundError:
        return []
    lines = highlight(code, submission.error_file)
    first = max(1, failing - AROUND)
    shown = lines[first - 1 : failing + AROUND]
    return [CodeLine(n, html, n == failing) for n, html in enumerate(shown, first)]
