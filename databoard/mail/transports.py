"""Ways to send a letter: ``smtp://user:password@host:587``, ``console:`` and ``file:///folder``."""

from __future__ import annotations

import re
import smtplib
import ssl
import sys
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from databoard.errors import SettingsError
from databoard.mail.stopping import link_of, signed
from databoard.settings import Settings

#: A line that is a path of this site: services know no host.
_PATH = re.compile(r"^/(?=[\w/]*[\w.~-]*$)|(?<= )/(?=(?:events|admin|teams|users?)/)", re.MULTILINE)


class Transport(Protocol):
    """Anything that sends a letter or raises OSError."""

    def send(self, to: str, subject: str, body: str) -> None:
        """Send one letter."""


def compose(sender: str, to: str, subject: str, body: str) -> EmailMessage:
    """Make a message; a line break in a header, which could forge others, becomes a space."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = " ".join(to.split())
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="databoard")
    message["Auto-Submitted"] = "auto-generated"
    stop = link_of(body)
    if stop:  # the button that mail programs show
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(body)
    return message


@dataclass(frozen=True)
class Smtp:
    """Send by an SMTP server, encrypted unless it is on this machine."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    is_tls: bool = False

    def send(self, to: str, subject: str, body: str) -> None:
        """Send one letter."""
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(self.host, self.port, timeout=30, context=context)
            if self.is_tls
            else smtplib.SMTP(self.host, self.port, timeout=30)
        ) as server:
            if not self.is_tls and self.host not in ("localhost", "127.0.0.1", "::1"):
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            server.send_message(compose(self.sender, to, subject, body))


@dataclass(frozen=True)
class Console:
    """Print letters."""

    sender: str

    def send(self, to: str, subject: str, body: str) -> None:
        """Print one letter."""
        sys.stdout.write(compose(self.sender, to, subject, body).as_string() + "\n")
        sys.stdout.flush()


@dataclass(frozen=True)
class Folder:
    """Keep each letter as a file; what a laptop and a test server do."""

    folder: Path
    sender: str

    def send(self, to: str, subject: str, body: str) -> None:
        """Write one letter."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # letters carry links
        path = self.folder / f"{time.time_ns()}.eml"
        path.write_bytes(bytes(compose(self.sender, to, subject, body)))


def make_transport(url: str, sender: str) -> Transport:
    """Choose the transport that DATABOARD_MAIL_URL names.

    Raises
    ------
    SettingsError
        For an address of another kind.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return Console(sender)
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)), sender)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        is_tls = parts.scheme == "smtps"
        return Smtp(
            parts.hostname,
            parts.port or (465 if is_tls else 587),
            sender,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            is_tls,
        )
    raise SettingsError(
        f"DATABOARD_MAIL_URL must start with smtp://, smtps://, console: or file:///, not {url!r}."
    )


@dataclass(frozen=True)
class Linked:
    """Send by another transport what has the site's address before every path."""

    transport: Transport
    public_url: str
    secret_key: str = field(default="", repr=False)

    def send(self, to: str, subject: str, body: str) -> None:
        """Send one letter."""
        text = signed(body, self.secret_key)
        self.transport.send(to, subject, with_links(text, self.public_url))


def with_links(body: str, public_url: str) -> str:
    """Put the site's address before the paths of a letter.

    >>> with_links("or on /admin/events/iris", "https://example.org")
    'or on https://example.org/admin/events/iris'
    """
    return _PATH.sub(f"{public_url}/", body)


def transport_of(settings: Settings) -> Transport:
    """Make the transport of an installation; a test server writes to nobody outside.

    Raises
    ------
    SettingsError
        If DATABOARD_MAIL_URL names no transport.
    """
    transport = make_transport(settings.mail_url, settings.mail_from)
    if settings.is_test and not settings.test_sends_mail and isinstance(transport, Smtp):
        transport = Folder(settings.root / "db" / "mail", settings.mail_from)
    return Linked(transport, settings.public_url, settings.secret_key)
