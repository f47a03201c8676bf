"""All pages for organisers: importing this module registers them."""

from databoard.web.organisers import (
    alike,
    analytics,
    announcements,
    audit,
    editions,
    events,
    founding,
    judging,
    machine_room,
    merging,
    overview,
    post,
    submissions,
    teams,
    users,
)
from databoard.web.organisers.blueprint import bp

__all__ = [
    "alike",
    "analytics",
    "announcements",
    "audit",
    "bp",
    "editions",
    "events",
    "founding",
    "judging",
    "machine_room",
    "merging",
    "overview",
    "post",
    "submissions",
    "teams",
    "users",
]
