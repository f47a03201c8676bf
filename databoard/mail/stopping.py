"""The last line of a letter of a kind that may be stopped, by whoever got it and nobody else."""

from __future__ import annotations

import re

from itsdangerous import BadSignature, URLSafeSerializer

from databoard.languages import said_in
from databoard.mail.letters import Reader
from databoard.phrases import phrase

#: Only as the last line: nothing that somebody writes into a letter is signed.
_LINE = re.compile(r"^/news/stop/(\d+)/([a-z]+)\n?\Z", re.MULTILINE)
_LINK = re.compile(r"^(https?://\S+/news/stop/\S+)\n?\Z", re.MULTILINE)


def footer(to: Reader, kind: str) -> str:
    """Write the line; the mailer signs it, since services know no secret."""
    words = said_in(to.locale, phrase("No more letters of this kind:"))
    return f"\n-- \n{words}\n/news/stop/{to.id}/{kind}\n"


def _serializer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="databoard.stop")


def signed(body: str, secret_key: str) -> str:
    """Put a token into a letter's last line, if that stops letters."""

    def link(found: re.Match[str]) -> str:
        token = _serializer(secret_key).dumps([int(found[1]), found[2]])
        return f"/news/stop/{token if isinstance(token, str) else token.decode()}\n"

    return _LINE.sub(link, body)


def read(token: str, secret_key: str) -> tuple[int, str] | None:
    """Find whose letters of which kind a token stops; None if it is forged."""
    try:
        user_id, kind = _serializer(secret_key).loads(token)
    except BadSignature:
        return None
    return int(user_id), str(kind)


def link_of(body: str) -> str | None:
    """Find the whole address in a letter's last line, for its headers (RFC 8058)."""
    found = _LINK.search(body)
    return found[1] if found else None
