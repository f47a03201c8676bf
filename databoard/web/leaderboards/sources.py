"""Sources of submissions: bytes, and lines in colour."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from databoard.errors import NotFoundError
from databoard.store.models import Submission, SubmissionFile
from databoard.web.event_pages import store
from databoard.web.language import lazy_gettext
from databoard.web.leaderboards.highlight import highlight

NO_FILE = lazy_gettext("There is no such file, or none that you may see.")


@dataclass(frozen=True)
class Source:
    """A file of a submission as pages show it; data has no lines."""

    file: SubmissionFile
    lines: list[Markup]


def source(submission: Submission, filename: str) -> bytes:
    """Read a file of a submission; only names that are its rows' become paths.

    Raises
    ------
    NotFoundError
    """
    if filename not in {file.filename for file in submission.files}:
        raise NotFoundError(str(NO_FILE))
    return store().read_source(submission.folder, filename)


def text(submission: Submission, filename: str) -> str:
    """Read a source as text."""
    return source(submission, filename).decode("utf-8", "replace")


def sources(submission: Submission) -> list[Source]:
    """Read the files of a submission for a page."""
    return [Source(file, _lines(submission, file)) for file in submission.files]


def _lines(submission: Submission, file: SubmissionFile) -> list[Markup]:
    if file.type == "data":
        return []
    try:
        return highlight(text(submission, file.filename), file.filename)
    except NotFoundError:  # a restored backup may lack it; the scores are still worth showing
        return []
