"""Private scores leave the server only after the closing, or to organisers.

Marked values are planted wherever something of the test rows is stored; then every address that
can be opened is opened as everybody who may not see them (checklist 71, threats L12).
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from databoard.services import events, leaderboards, marks
from databoard.store.files import Files
from databoard.store.influences import Influences, kind_of
from databoard.store.models import (
    BaggedScore,
    Credit,
    Event,
    FoldScore,
    OutgoingMail,
    Standing,
    Submission,
    SubmissionScore,
)
from databoard.training.analysis import npy
from databoard.web.app import create_app
from tests.builders import make_scored_submission
from tests.web import world
from tests.web.access_table import SUBMISSION, TABLE, Row
from tests.web.test_access import World

#: Planted as 0.72831, shown as 0.728 or 73 %; ranks as 728 of a board of few.
MARK, NUMBER = 0.72831, 728
TRACES = re.compile(r"0[.]728|72[.]8|\b73 %|\b728\b|only the organisers may read this")
HIDDEN = b"only the organisers may read this"
PRIVATE_ROLES = ("anonymous", "asked", "user", "teammate")
#: What has closed shows its private scores; what sends a file as it is carries no number of ours.
GETS = [row for row in TABLE if row.method == "GET" and row.values.get("event") != "closed"]


def plant(session, submissions_dir: Path) -> None:
    """Put marked values wherever something of the test rows is stored."""
    for score in session.scalars(select(SubmissionScore)):
        score.private = score.test_bag = score.test_mean = score.test_std = MARK
    for score in session.scalars(select(FoldScore)):
        score.test = MARK
    for score in session.scalars(select(BaggedScore)):
        score.test = MARK
    for event in session.scalars(select(Event)):
        step = [{"accuracy": MARK}]
        valid = [{"accuracy": 0.5}]
        event.combined = {name: {"valid": valid, "test": step} for name in ("combined", "best")}
        event.freeze_at = event.closing_at = None
    session.flush()
    for one in session.scalars(select(Submission).where(Submission.state == "scored")):
        private = session.get(Standing, (one.id, "private"))
        private.rank_low = private.rank_high = NUMBER
        private.tie_group, private.verdict = 0, "better"
        for name in ("p_best", "gap", "p_win", "p_podium", "delta", "delta_low", "delta_high"):
            setattr(private, name, MARK)
        public = session.get(Standing, (one.id, "public"))
        public.rank_low, public.rank_high, public.tie_group = 1, 2, 0
        public.p_best, public.gap = 0.5, 0.1
        official = one.event_team.event.official_score.id
        for ranking in ("bagged", "mean"):
            vector = npy(np.full(12, MARK))
            kind = kind_of("private", ranking, official)
            Influences(submissions_dir).write(one.folder, one.run, kind, vector)
        for name in ("log_hidden.txt", "error.txt"):
            Files(submissions_dir).write_fold(one.folder, 0, name, HIDDEN)
        Files(submissions_dir).write_fold(one.folder, 0, "y_pred_test.npy", HIDDEN)


@pytest.fixture
def planted(settings, rows, monkeypatch) -> World:
    monkeypatch.setenv("WTF_CSRF_ENABLED", "False")
    keys = world.build(rows, settings.submissions_dir)
    rows.flush()
    plant(rows, settings.submissions_dir)
    rows.commit()
    app = create_app(settings)
    return World(app, rows.get_bind(), keys, lambda: None)


def extra_pages() -> list[Row]:
    """Orders, words and boards that the access table has no line for."""
    board = "/events/<event>/leaderboard"
    api = "/api/v1/events/<event>/leaderboard"
    everybody = (0,) * 6
    queries = [
        *(f"?sort={order}" for order in ("best", "delta", "change", "score:accuracy", "test")),
        "?q=first",
        "?section=evening",
    ]
    return [
        *(Row("GET", board, everybody, query=query) for query in queries),
        *(
            Row("GET", f"{api}{kind}", everybody, query=f"?board={one}")
            for kind in ("", ".csv")
            for one in ("public", "competition", "private", "private_competition")
        ),
    ]


def test_no_page_carries_a_private_score_before_the_closing(planted, caplog):
    caplog.set_level(logging.DEBUG)
    opened = 0
    for row in [*GETS, *extra_pages()]:
        for role in PRIVATE_ROLES:
            answer = planted.request(row, role)
            told = f"{answer.data.decode(errors='replace')}\n{answer.headers}"
            found = TRACES.search(told)
            assert found is None, (
                f"{row.name} as {role}: {told[max(0, found.start() - 80) :][:200]}"
            )
            opened += answer.status_code == 200

    assert opened > 150
    assert TRACES.search(caplog.text) is None


def test_the_marks_are_really_there(planted, rows):
    organiser = planted.client("event_admin")
    mate = planted.client("teammate")
    url = "/events/open/private_leaderboard"

    assert TRACES.search(organiser.get(url).text)
    assert mate.get(url).status_code == 403
    for event in rows.scalars(select(Event)):
        event.closing_at = datetime.now(UTC) - timedelta(minutes=1)
        events.touch(rows, event.id)
    rows.commit()
    assert TRACES.search(mate.get(url).text)
    assert mate.get("/events/open/leaderboard/private_competition").status_code == 200


def test_the_order_of_pages_does_not_tell_of_private_scores(planted, rows):
    def orders() -> list[list[str]]:
        client = planted.client("teammate")
        pages = ("leaderboard", "leaderboard/competition", "leaderboard?sort=best")
        return [
            re.findall(r'data-key="(\w+)"', client.get(f"/events/open/{page}").text)
            for page in pages
        ]

    before = orders()
    for i, score in enumerate(rows.scalars(select(SubmissionScore))):
        score.private = i / 100
    for event in rows.scalars(select(Event)):
        events.touch(rows, event.id)
    rows.commit()

    assert all(before)
    assert orders() == before


# ---- what came after a freeze --------------------------------------------------------------------

LATE = "f" * 40
AFTER = re.compile(rf"{TRACES.pattern}|>73<|{LATE}")


def freeze(session) -> None:
    """Freeze the boards before a rival's submission, and mark all that follows from its results."""
    for event in session.scalars(select(Event)):
        step = [{"accuracy": MARK}]
        event.combined = {name: {"valid": step, "test": step} for name in ("combined", "best")}
        if event.closing_at is None:
            event.freeze_at = world.BEGAN + timedelta(days=1)
            event.public_opening_at = world.BEGAN
    for one in session.scalars(select(Submission).where(Submission.state == "scored")):
        for name in ("contributivity", "historical_contributivity", "blend_with", "blend_without"):
            setattr(one, name, MARK)
        public = session.get(Standing, (one.id, "public"))
        public.rank_low = public.rank_high = public.tie_group = NUMBER
        public.verdict = "better"
        for name in ("p_best", "gap", "p_win", "p_podium", "delta", "delta_low", "delta_high"):
            setattr(public, name, MARK)
    first = session.scalars(select(Submission).where(Submission.hash_ == SUBMISSION)).one()
    rival = session.scalars(
        select(Submission).where(Submission.name == "other", Submission.event_id == first.event_id)
    ).one()
    late = make_scored_submission(
        session, rival.event_team, "late", score=MARK, hash_=LATE, is_starred=True,
        submitted_at=datetime.now(UTC) - timedelta(hours=1),
    )  # fmt: skip
    given = {"percent": 100.0, "given_at": datetime.now(UTC)}
    session.add(Credit(submission_id=late.id, source_id=first.id, **given))
    session.flush()


@pytest.fixture
def frozen(planted, rows) -> World:
    for event in rows.scalars(select(Event).where(Event.name == "closed")):
        event.closing_at = datetime.now(UTC) - timedelta(days=1)
    freeze(rows)
    rows.commit()
    return planted


def frozen_pages() -> list[Row]:
    """Besides all addresses, those that ask for what is held back."""
    board, everybody = "/events/<event>/leaderboard", (0,) * 6
    orders = [f"?sort={one}&order=desc" for one in leaderboards.AFTER_FREEZE]
    late = [f"/{LATE}", f"/{LATE}/state", f"/compare?b={LATE}", f"/api/v1/submissions/{LATE}"]
    return [
        *(Row("GET", f"{board}{kind}", everybody, query=query)
          for kind in ("", "/competition", "/public/rows") for query in orders),
        Row("GET", f"/compare?b={SUBMISSION}", everybody),
        *(Row("GET", address, everybody) for address in late),
    ]  # fmt: skip


def test_no_page_of_a_frozen_board_tells_what_came_later(frozen):
    opened = 0
    for row in [*GETS, *extra_pages(), *frozen_pages()]:
        for role in ("user", "teammate"):
            answer = frozen.request(row, role)
            is_late = LATE in row.rule
            assert not (is_late and answer.status_code == 200), f"{row.name} as {role}"
            found = None if is_late else AFTER.search(answer.data.decode(errors="replace"))
            assert found is None, f"{row.name} as {role}: {found} in {answer.data[:200]!r}"
            opened += answer.status_code == 200

    assert opened > 100
    organiser = frozen.client("event_admin")
    for address in (f"/{LATE}", f"/{SUBMISSION}", "/events/open/leaderboard"):
        assert AFTER.search(organiser.get(address).text)


def test_a_frozen_board_has_the_order_of_ranks_and_says_what_it_holds_back(frozen, rows):
    mate, url = frozen.client("teammate"), "/events/open/leaderboard"

    def order(query: str) -> list[str]:
        return re.findall(r'data-rank="(\d*)"', mate.get(f"{url}{query}").text)

    for one in leaderboards.AFTER_FREEZE:
        for direction in ("asc", "desc"):
            assert order(f"?sort={one}&order={direction}") == ["1", "2"]
    page = mate.get(url).text
    assert "come back then" in page
    assert "Contrib." not in page
    (row, *_) = frozen.client("teammate", is_api=True).get("/api/v1" + url).json["rows"]
    held = ("contributivity", "historical_contributivity", "rank_interval", "tie_group", "p_best")
    assert [row[name] for name in held] == [None] * len(held)
    for event in rows.scalars(select(Event).where(Event.name == "open")):
        event.closing_at = datetime.now(UTC) - timedelta(minutes=1)
    rows.commit()
    assert AFTER.search(mate.get(url).text)
    assert mate.get(f"/{LATE}").status_code == 200


# ---- a closing of one's own ----------------------------------------------------------------------


def test_a_team_with_more_time_sees_private_scores_at_its_own_closing(planted, rows):
    mate, user = planted.client("teammate"), planted.client("user")
    api = planted.client("teammate", is_api=True)
    url = "/events/open/private_leaderboard"
    place = rows.scalars(select(Submission).where(Submission.hash_ == SUBMISSION)).one().event_team
    place.event.closing_at = datetime.now(UTC) - timedelta(hours=1)
    place.extra_closing_at = datetime.now(UTC) + timedelta(hours=1)
    rows.commit()

    assert user.get(url).status_code == 200
    assert mate.get(url).status_code == 403
    for address in ("/events/open", f"/{SUBMISSION}", "/events/open/leaderboard"):
        page = mate.get(address).text
        assert TRACES.search(page) is None
        assert "Private leaderboard" not in page
        assert address.startswith(f"/{SUBMISSION}") or "for your team: " in page
    assert "Closes for your team" in mate.get("/events/open").text
    assert "for your team" not in user.get("/events/open").text.lower()
    assert "private" not in api.get(f"/api/v1/submissions/{SUBMISSION}").json["scores"]["accuracy"]
    place.extra_closing_at = datetime.now(UTC) - timedelta(minutes=1)
    rows.commit()
    assert mate.get(url).status_code == 200


def test_no_letter_tells_of_private_scores(planted, rows):
    place = rows.scalars(select(Submission)).first().event_team
    marks.choose_final(rows, place, [], now=datetime.now(UTC))
    rows.commit()

    for letter in rows.scalars(select(OutgoingMail)):
        assert TRACES.search(letter.body) is None
