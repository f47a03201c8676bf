"""Who may do what: one policy, asked by pages, programs and mails alike.

A `Role` is relative to one thing: the same person may be a team mate of one submission, an
administrator of one event and a plain user elsewhere. `participates` means that the visitor has a
team that was accepted in the event.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a visitor is with regard to one event or submission."""

    ANONYMOUS = "anonymous"
    ASKED = "asked"
    USER = "user"
    TEAMMATE = "teammate"
    EVENT_ADMIN = "event_admin"
    ADMIN = "admin"


ADMINS = frozenset({Role.EVENT_ADMIN, Role.ADMIN})
#: Those whose account was approved.
APPROVED = frozenset({Role.USER, Role.TEAMMATE, Role.EVENT_ADMIN, Role.ADMIN})
#: Those who own a submission or answer for it.
OWNERS = frozenset({Role.TEAMMATE, Role.EVENT_ADMIN, Role.ADMIN})


def role_of(
    *,
    is_authenticated: bool,
    is_approved: bool = False,
    is_admin: bool = False,
    is_event_admin: bool = False,
    is_teammate: bool = False,
) -> Role:
    """Name the strongest role that the facts give.

    Without an approved account nothing else counts.

    >>> str(role_of(is_authenticated=True, is_approved=True, is_teammate=True))
    'teammate'
    >>> str(role_of(is_authenticated=True, is_admin=True))
    'asked'
    """
    if not is_authenticated:
        return Role.ANONYMOUS
    if not is_approved:
        return Role.ASKED
    if is_admin:
        return Role.ADMIN
    if is_event_admin:
        return Role.EVENT_ADMIN
    return Role.TEAMMATE if is_teammate else Role.USER


def may_administer_site(role: Role) -> bool:
    """Tell whether the visitor may manage users, problems and all events."""
    return role is Role.ADMIN


def may_administer(role: Role) -> bool:
    """Tell whether the visitor may manage this event."""
    return role in ADMINS


def may_see_event(role: Role, *, is_public: bool, participates: bool = False) -> bool:
    """Tell whether the visitor may know of an event.

    A public event is known to everybody; any other to its administrators and participants.
    """
    return is_public or role in ADMINS or (role in APPROVED and participates)


def may_join(role: Role, *, is_public: bool) -> bool:
    """Tell whether the visitor may ask to take part in an event that has not closed."""
    return role in ADMINS or (is_public and role in APPROVED)


def may_see_board(role: Role, *, is_public: bool, participates: bool = False) -> bool:
    """Tell whether the visitor may see the public leaderboard."""
    return role in APPROVED and may_see_event(role, is_public=is_public, participates=participates)


def may_see_private_scores(
    role: Role,
    *,
    now: datetime,
    closing: datetime | None,
    own_closing: datetime | None = None,
) -> bool:
    """Tell whether the visitor may see test scores, and anything that depends on them.

    Administrators always; everybody who has an approved account from the closing on, and from
    the later closing of their own team if it has one. An event that never closes never shows them.
    """
    if role in ADMINS:
        return True
    if role not in APPROVED or closing is None:
        return False
    return now >= max(closing, own_closing or closing)


def may_see_code(
    role: Role,
    *,
    now: datetime,
    public_opening: datetime | None,
    closing: datetime | None,
    participates: bool = False,
) -> bool:
    """Tell whether the visitor may read, diff and import the code of a submission.

    Its team and the administrators always; other participants of the event only between the
    public opening and the closing.
    """
    if role in OWNERS:
        return True
    is_shared = public_opening is not None and now >= public_opening
    is_open = closing is None or now < closing
    return role is Role.USER and participates and is_shared and is_open


def may_see_log(role: Role) -> bool:
    """Tell whether the visitor may see what a submission printed and how it failed."""
    return role in OWNERS


def may_see_full_log(role: Role, *, is_log_limited: bool = True) -> bool:
    """Tell whether the visitor may see all of a log, which may contain private data."""
    return role in ADMINS or (role is Role.TEAMMATE and not is_log_limited)


def may_see_names(
    role: Role, *, is_anonymous: bool, now: datetime, closing: datetime | None
) -> bool:
    """Tell whether the visitor may see who stands behind a row of the board.

    In an anonymous event names appear at the closing; a team always knows its own rows.
    """
    if not is_anonymous or role in OWNERS:
        return True
    return role in APPROVED and closing is not None and now >= closing


def may_submit(role: Role, *, participates: bool) -> bool:
    """Tell whether the visitor may submit for a team; the dates are the rules' business."""
    return role in ADMINS or (role is Role.TEAMMATE and participates)


def may_change_submission(role: Role) -> bool:
    """Tell whether the visitor may cancel, rename, withdraw or credit a submission."""
    return role in OWNERS


def may_retrain(role: Role) -> bool:
    """Tell whether the visitor may train again what has already been scored."""
    return role in ADMINS
