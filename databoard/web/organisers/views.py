"""All pages for organisers: importing this module registers them."""

from databoard.web.organisers import events, machine_room, overview, submissions, teams, users
from databoard.web.organisers.blueprint import bp

__all__ = ["bp", "events", "machine_room", "overview", "submissions", "teams", "users"]
