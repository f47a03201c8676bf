"""All views of the participants' pages: importing them registers them."""

from databoard.web.participants import checks, event, feed, history, imports, kit, mine, sandbox
from databoard.web.participants.blueprint import bp

__all__ = ["bp", "checks", "event", "feed", "history", "imports", "kit", "mine", "sandbox"]
