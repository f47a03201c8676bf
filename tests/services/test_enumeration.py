"""Whether a guesser learns from the time of an answer who has an account (W7).

What is compared is the processor time of this thread, asked by turns: a machine that others keep
busy slows both down alike. Two samples of one distribution are told apart once in a million runs.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from scipy import stats

from databoard.errors import DataboardError, ForbiddenError
from databoard.services import accounts
from databoard.store.queries import accounts as queries
from tests.builders import NOON, make_user

N_TRIALS = 40
BY_CHANCE = 1e-6
PASSWORD = "correct horse"


@pytest.fixture
def ada(session):
    return make_user(session, "ada", password_hash=accounts.hash_password(PASSWORD))


def seconds(session, *attempts):
    """Seconds of work of each attempt, by turns, and what each came to; nothing of it stays."""
    taken, answers = [[] for _ in attempts], [set() for _ in attempts]
    for number in range(N_TRIALS):
        for one in range(len(attempts))[:: 1 if number % 2 else -1]:
            with session.begin_nested() as undone:
                began = time.thread_time()
                try:
                    attempts[one](number)
                except DataboardError as error:
                    answers[one].add((type(error), error.message))
                taken[one].append(time.thread_time() - began)
                undone.rollback()
            session.expire_all()
    return taken, answers


def log_in(session, login):
    return lambda number: accounts.authenticate(
        session, login, "guess", f"10.0.0.{number}", now=NOON + timedelta(hours=number)
    )


def p_of(first, second):
    return stats.ks_2samp(first, second).pvalue


@pytest.mark.slow
def test_the_time_of_a_refused_login_does_not_tell_who_has_an_account(session, ada):  # W7
    (known, unknown), answers = seconds(session, log_in(session, "ada"), log_in(session, "bob"))

    assert answers == [{(ForbiddenError, accounts.WRONG)}] * 2
    assert p_of(known, unknown) > BY_CHANCE


def test_an_answer_without_the_work_would_be_told_apart(session, ada):  # W7
    (known, quick), _ = seconds(
        session, log_in(session, "ada"), lambda _: queries.by_login(session, "bob")
    )

    assert p_of(known, quick) < BY_CHANCE
