"""The link that stops letters: signed by the mailer, in the last line and the headers only."""

from __future__ import annotations

from types import SimpleNamespace

from databoard.mail import stopping
from databoard.mail.transports import Linked, compose

KEY = "k" * 32
ADA = SimpleNamespace(id=7, name="ada", locale="")


class Post:
    def __init__(self):
        self.sent = []

    def send(self, to, subject, body):
        self.sent.append(compose("d@example.org", to, subject, body))


def sent(body):
    post = Post()
    Linked(post, "https://d.org", KEY).send("ada@example.org", "Hello", body)
    return post.sent[0]


def test_a_letter_that_may_be_stopped_says_how_in_its_text_and_headers():
    message = sent("Hello.\n" + stopping.footer(ADA, "comment"))

    (link,) = [line for line in message.get_content().splitlines() if "/news/stop/" in line]
    assert link.startswith("https://d.org/news/stop/")
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stopping.read(link.rpartition("/")[2], KEY) == (7, "comment")


def test_a_letter_that_must_come_has_no_such_link():
    message = sent("Set a new password:\n\n/password/reset/abc\n")

    assert message["List-Unsubscribe"] is None


def test_what_somebody_writes_into_a_letter_is_not_signed():
    message = sent("They announce:\n/news/stop/8/comment\n" + stopping.footer(ADA, "comment"))

    assert "https://d.org/news/stop/8/comment" in message.get_content()


def test_a_forged_token_stops_nothing():
    token = stopping.signed("/news/stop/7/comment\n", KEY).strip().rpartition("/")[2]

    assert stopping.read(token, KEY) == (7, "comment")
    assert stopping.read(token[:-2] + "xx", KEY) is None
    assert stopping.read(token, "x" * 32) is None
