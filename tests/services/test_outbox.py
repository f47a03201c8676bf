"""Letters: written with their news, sent once, and one that cannot be sent holds up no other."""

from __future__ import annotations

from datetime import timedelta

from databoard.services import outbox
from databoard.store.queries import outbox as queries
from tests.builders import NOON

MINUTE = timedelta(minutes=1)


class Post:
    """A transport that fails as often as it is told."""

    def __init__(self, failures=()):
        self.sent, self.failures = [], list(failures)

    def send(self, to, subject, body):
        if self.failures and (error := self.failures.pop(0)):
            raise error
        self.sent.append((to, subject, body))


def write(session, key="news", to="ada@example.org", **fields):
    return outbox.write(session, key, to, "Subject", "Body", now=NOON, **fields)


def test_the_same_news_is_written_once(session):
    assert write(session) is write(session)
    assert write(session, "other") is not write(session)


def test_a_long_key_is_still_one_piece_of_news(session):
    assert write(session, "k" * 300) is write(session, "k" * 300)


def test_a_letter_is_sent_once(session):
    letter, post = write(session), Post()
    session.commit()

    assert outbox.send_due(session, post, now=NOON) == 1
    assert outbox.send_due(session, post, now=NOON + MINUTE) == 0

    assert post.sent == [("ada@example.org", "Subject", "Body")]
    assert letter.sent_at == NOON


def test_what_was_rolled_back_is_never_sent(session):
    write(session)
    session.rollback()

    assert outbox.send_due(session, Post(), now=NOON) == 0


def test_a_letter_that_another_sender_holds_is_left_to_it(session):
    letter = write(session)
    session.commit()
    assert queries.claim(session, letter.id, now=NOON, until=NOON + 10 * MINUTE)

    assert outbox.send_due(session, Post(), now=NOON + MINUTE) == 0
    assert queries.claim(session, letter.id, now=NOON + MINUTE, until=NOON + 9 * MINUTE) is None
    # A sender that died gives it free after its time.
    assert outbox.send_due(session, Post(), now=NOON + 11 * MINUTE) == 1


def test_failures_wait_longer_and_longer_and_then_stop(session):
    letter, post = write(session), Post([ConnectionError("refused")] * 100)
    now, waits = NOON, []
    for _ in range(queries.MAX_ATTEMPTS):
        assert outbox.send_due(session, post, now=now) == 0
        assert outbox.send_due(session, post, now=now) == 0  # not due again yet
        waits.append((letter.due_at - now) / MINUTE)
        now = letter.due_at

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
    assert letter.attempts == queries.MAX_ATTEMPTS
    assert letter.error == "ConnectionError: refused"
    assert outbox.send_due(session, post, now=now + timedelta(days=9)) == 0
    assert len(post.failures) == 100 - queries.MAX_ATTEMPTS


def test_a_letter_that_cannot_be_sent_does_not_hold_up_the_next(session):
    bad, good = write(session, "bad"), write(session, "good")
    post = Post([ValueError("not an address")])

    assert outbox.send_due(session, post, now=NOON) == 1
    assert outbox.send_due(session, post, now=bad.due_at) == 1

    assert (good.sent_at, bad.sent_at, bad.error) == (NOON, bad.due_at, "")
    assert [letter.key for letter in queries.newest(session)] == ["good", "bad"]


def test_no_transaction_is_left_open(session):
    outbox.send_due(session, Post(), now=NOON)

    assert not session.in_transaction()
