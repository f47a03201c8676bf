"""What the errors of a team tell it, where an event keeps its data private.

A message quotes what the submission chose to say, and that may be the data it trains on. One is
short, but a team may send many: what is quoted to a team is counted, and once it is used up, only
the place of an error is told. Organisers read the whole of each in the files of its folds.
"""

from __future__ import annotations

from databoard.domain.rules import MAX_BYTES_TOLD
from databoard.store.models import EventTeam

USED_UP = (
    "An exception. Your team has been told as much about errors as this event allows; "
    "ask the organisers, who can read what it says."
)


def counted(place: EventTeam, message: str) -> str:
    """Count a message that quotes a team's submission, and return what the team may read.

    Parameters
    ----------
    place : EventTeam
        Of an event that shows its teams little of their logs.
    message : str

    Returns
    -------
    str
        The message, or words of ours if it would be more than `MAX_BYTES_TOLD` in all.
    """
    told = place.log_bytes_shown + len(message.encode())
    if told > MAX_BYTES_TOLD:
        return USED_UP
    # By the database: two submissions of a team may end at once.
    place.log_bytes_shown = EventTeam.log_bytes_shown + len(message.encode())
    return message
