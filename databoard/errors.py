"""Every refusal of databoard, as one tree.

DataboardError
├── SettingsError            a setting is missing or wrong            (500, ours)
├── NotFoundError            no such thing, or none that you may see  (404, visitor)
├── ForbiddenError           you may see it but not do this           (403, visitor)
├── InvalidError             what was typed or sent is wrong          (422, visitor)
│   ├── DuplicateError       the name is taken                        (409, visitor)
│   └── SubmissionError      a submission is refused                  (422, team)
│       ├── UploadError      its files are wrong                      (422, team)
│       │   └── TooLargeError                                         (413, team)
│       ├── ClosedError      the event is not open for it             (403, team)
│       ├── TooSoonError     the team must wait                       (429, team)
│       └── QuotaError       the team has used what it may            (429, team)
├── KitError                 a problem folder is wrong                (422, organiser)
│   └── RequirementsError    its environment cannot be made           (422, organiser)
├── UnsafeError              the machine cannot isolate submissions   (503, ours)
├── BusyError                the database or a worker did not answer  (503, ours)
├── ProgramError             rsync, ssh or a script of tools/ failed  (500, ours)
└── TrainingError            what a box or a scorer reports           (500, by its fault)

A message is for the person who reads it: what is wrong, where, and what to do. ``status`` is the
HTTP status of a page that ends with the error; ``fault`` says whose it was.
"""

from __future__ import annotations

from datetime import datetime

from databoard.phrases import phrase


class DataboardError(Exception):
    """The root: anything that databoard refuses on purpose."""

    status = 500
    fault = "ours"

    @property
    def message(self) -> str:
        """The sentence for the person; pages translate it if it is a `Phrase`."""
        if not self.args:
            return type(self).__doc__ or ""
        return self.args[0] if isinstance(self.args[0], str) else str(self.args[0])


class SettingsError(DataboardError):
    """A setting is missing or wrong."""


class NotFoundError(DataboardError):
    """There is no such thing, or none that the visitor may know of."""

    status = 404
    fault = "visitor"


class ForbiddenError(DataboardError):
    """The visitor may see the thing but not do this with it."""

    status = 403
    fault = "visitor"


class InvalidError(DataboardError):
    """What was typed or sent is wrong; ``field`` names the input, where there is one."""

    status = 422
    fault = "visitor"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DuplicateError(InvalidError):
    """The name is taken."""

    status = 409


class SubmissionError(InvalidError):
    """A submission is refused."""

    fault = "team"


class UploadError(SubmissionError):
    """The files of a submission are wrong; ``line`` is the line of the first fault."""

    def __init__(self, message: str, field: str | None = None, line: int | None = None) -> None:
        super().__init__(message, field)
        self.line = line


class TooLargeError(UploadError):
    """An upload is larger than allowed."""

    status = 413


class ClosedError(SubmissionError):
    """The event does not take submissions now."""

    status = 403


class TooSoonError(SubmissionError):
    """The team must wait before it submits again."""

    status = 429

    def __init__(self, wait_s: float) -> None:
        super().__init__(phrase("Please wait %(n)s s and try again.", n=max(1, round(wait_s))))
        self.wait_s = wait_s


class QuotaError(SubmissionError):
    """The team has used what it may; ``free_at`` is when the next place is free."""

    status = 429

    def __init__(self, message: str, free_at: datetime | None = None) -> None:
        super().__init__(message)
        self.free_at = free_at


class KitError(DataboardError):
    """A problem folder is wrong; ``fix`` says how to mend it."""

    status = 422
    fault = "organiser"

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(f"{message} {fix}".strip())
        self.fix = fix


class RequirementsError(KitError):
    """A problem's ``requirements.txt`` cannot become an environment; ``line`` is where."""

    def __init__(self, message: str, fix: str = "", line: int | None = None) -> None:
        super().__init__(message, fix)
        self.line = line


class UnsafeError(DataboardError):
    """The machine cannot isolate a submission well enough to run it."""

    status = 503


class BusyError(DataboardError):
    """The database or a worker did not answer in time; trying again may help."""

    status = 503


class FullError(DataboardError):
    """The server's disk has no room left."""

    status = 507


class ProgramError(DataboardError):
    """A program that was started for an organiser failed: rsync, ssh, a script of tools/."""


class TrainingError(DataboardError):
    """What a box or a scorer reports; ``fault`` is "team", "organiser" or "ours"."""

    def __init__(self, message: str, fault: str = "ours") -> None:
        super().__init__(message)
        self.fault = fault
