"""The mailer: tells of openings and closings, and sends what the outbox holds."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from databoard.errors import BusyError
from databoard.mail.transports import transport_of
from databoard.services import calendar, outbox
from databoard.settings import Settings
from databoard.store.opening import open_session

logger = logging.getLogger(__name__)

EVERY_S = 2.0
CALENDAR_S = 60.0


def run(settings: Settings, *, once: bool = False, stop: threading.Event | None = None) -> int:
    """Send what is due, again and again until told to stop.

    Parameters
    ----------
    settings : Settings
        Its ``mail_url`` says how letters go.
    once : bool
        Return when nothing is due.
    stop : threading.Event, optional
        Set it to end the loop.

    Returns
    -------
    int
        How many letters were sent.
    """
    stop = stop or threading.Event()
    transport = transport_of(settings)
    n_sent, looked = 0, float("-inf")
    while not stop.is_set():
        try:
            with open_session(settings.database_url) as session:
                if time.monotonic() - looked > CALENDAR_S:
                    calendar.tell_of_dates(session, now=datetime.now(UTC))
                    session.commit()
                    looked = time.monotonic()
                n_now = outbox.send_due(session, transport, now=datetime.now(UTC))
        except BusyError as error:
            logger.warning("mailer: %s", error)
            n_now = 0
        n_sent += n_now
        if once and not n_now:
            break
        if not n_now:
            stop.wait(EVERY_S)
    return n_sent


def start(settings: Settings) -> threading.Event:
    """Run the mailer in a thread of this process, as the development server does."""
    stop = threading.Event()
    threading.Thread(
        target=run, args=(settings,), kwargs={"stop": stop}, name="postman", daemon=True
    ).start()
    return stop
