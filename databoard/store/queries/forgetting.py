"""What has to go when an account is closed: the traces of its name and address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from databoard.store.models import (
    AuditEntry,
    Comment,
    LoginAttempt,
    Notification,
    OutgoingMail,
    TeamInvitation,
)

#: News to others that begin with the name of whom they are about.
ABOUT_SOMEBODY = ("invitation", "team")


def forget(
    session: Session, user_id: int, *, name: str, email: str, alias: str, now: datetime
) -> None:
    """Remove words, news, letters and attempts of a user; the audit log keeps an alias.

    Parameters
    ----------
    name, email : str
        As they were until now.
    alias : str
        What stands for the name from now on.
    """
    session.execute(
        update(Comment)
        .where(Comment.user_id == user_id)
        .values(text="", user_id=None, deleted_at=now)
    )
    names_it = Notification.text.startswith(f"{name} ", autoescape=True)
    session.execute(
        delete(Notification).where(
            or_(
                Notification.user_id == user_id,
                names_it & Notification.kind.in_(ABOUT_SOMEBODY),
            )
        )
    )
    session.execute(
        delete(TeamInvitation).where(
            or_(TeamInvitation.user_id == user_id, TeamInvitation.by_id == user_id)
        )
    )
    session.execute(
        delete(OutgoingMail).where(
            or_(
                OutgoingMail.to == email,
                OutgoingMail.body.contains(email, autoescape=True),
                OutgoingMail.subject.startswith(f"{name} ", autoescape=True),
            )
        )
    )
    accounts = [name.lower(), email.lower(), f"link:{email.lower()}"]
    session.execute(delete(LoginAttempt).where(LoginAttempt.account.in_(accounts)))
    session.execute(update(AuditEntry).where(AuditEntry.user_id == user_id).values(by=alias))
    about = or_(
        AuditEntry.about_id == user_id,
        # Nothing else carries an address.
        (AuditEntry.action == "send_letter_again") & (AuditEntry.object == email),
    )
    session.execute(update(AuditEntry).where(about).values(object=alias))
    # The teams that became one, of which one may have been a user's own.
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.action == "merge_teams")):
        names = [alias if one == name else one for one in entry.detail.get("of", ())]
        entry.detail = {**entry.detail, "of": names}
