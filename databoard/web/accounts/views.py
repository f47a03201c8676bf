"""All pages of accounts: importing this module registers them."""

from databoard.web.accounts import (
    choices,
    devices,
    elsewhere,
    entry,
    merging,
    news,
    passwords,
    profile,
    teams,
    tokens,
)
from databoard.web.accounts.blueprint import bp

__all__ = [
    "bp",
    "choices",
    "devices",
    "elsewhere",
    "entry",
    "merging",
    "news",
    "passwords",
    "profile",
    "teams",
    "tokens",
]
