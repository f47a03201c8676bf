"""All views of the participants' pages: importing them registers them."""

from databoard.web.participants import event, history, kit, mine, sandbox
from databoard.web.participants.blueprint import bp

__all__ = ["bp", "event", "history", "kit", "mine", "sandbox"]
