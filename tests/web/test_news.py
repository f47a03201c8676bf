"""News and comments in the browser: a bell that counts, remarks beside the code."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from databoard.mail import stopping
from databoard.services import credits as credit_services
from databoard.services import notifications
from databoard.services.notifications import KINDS
from databoard.services.sentences import say
from databoard.store.models import Comment, Notification
from tests.web.scenes import ago, make_scene


@pytest.fixture
def app(app):
    """Forms without their tokens: test_access.py shows that they need them."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root, public_opening_at=ago(days=1))


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_bell_counts_until_the_news_is_read(client, log_in, rows, scene):
    for text in ("forest: scored", "boosting: scored"):
        notifications.notify(rows, scene.ada, "scored", text, now=ago(), url="/events/open")
    rows.commit()
    log_in(scene.ada)
    page = text_of(client, "/news")
    assert 'aria-label="News, 2 unread"' in page

    first = re.search(r'href="(/news/\d+)"', page)[1]
    assert client.get(first).location == "/events/open"
    assert 'aria-label="News, 1 unread"' in text_of(client, "/news")
    client.post("/news/read")
    assert 'aria-label="News"' in text_of(client, "/news")


def test_news_speaks_the_visitors_language_but_for_what_somebody_wrote(client, log_in, rows, scene):
    closing = datetime(2026, 12, 1, 16, 30, tzinfo=UTC)
    for text in (
        say("ended", submission="forest", event="Iris 100 %", outcome="scored"),
        say("closes", event="Iris", when=closing),
        say("withdrawn", submission="oak", reason="scored"),
        "scored",
    ):
        notifications.notify(rows, scene.ada, "scored", text, now=ago())
    rows.commit()
    log_in(scene.ada)

    english = text_of(client, "/news")
    client.get("/language/fr")
    french = text_of(client, "/news")

    assert "forest in Iris 100 %: scored" in english
    assert "forest dans Iris 100 % : évaluée" in french.replace("\u202f", " ").replace("\xa0", " ")
    assert "Iris ferme le 1 déc. 2026, 16:30 UTC." in french
    assert "a retiré votre soumission oak" in french
    assert ": scored<" in french.replace("\u202f", "").replace("\xa0", "").replace(" :", ":")
    assert ">scored<" in french
    texts = rows.scalars(select(Notification.text)).all()
    assert "Iris closes on 01 December 2026 at 16:30 UTC." in texts


def test_what_an_older_version_said_is_shown_as_it_was(client, log_in, rows, scene):
    news = notifications.notify(rows, scene.ada, "scored", "oak: fine", now=ago())
    news.parts = {"message": "%(submission)s: %(gone)s", "values": {"submission": "oak"}}
    rows.commit()
    log_in(scene.ada)

    assert "oak: fine" in text_of(client, "/news")


def test_one_chooses_what_to_hear_of_and_where(client, log_in, rows, scene):
    log_in(scene.ada)
    assert 'name="mail" value="comment" aria-label=' in text_of(client, "/user/notifications")

    client.post("/user/notifications", data={"site": ["comment"], "mail": ["scored", "event"]})

    rows.refresh(scene.ada)
    assert not scene.ada.wants_mail
    assert scene.ada.news_choices.split() == [kind for kind in KINDS if kind != "comment"]
    assert not {"scored", "event"} & set(scene.ada.mail_choices.split())


def test_a_letters_link_stops_its_kind_by_one_click_and_not_by_a_look(
    client, app, rows, scene, settings
):
    app.config["WTF_CSRF_ENABLED"] = True  # a mail program posts without a token of ours
    line = f"/news/stop/{scene.ada.id}/comment\n"
    address = stopping.signed(line, settings.secret_key).strip()

    assert "Send no more" in text_of(client, address)
    rows.refresh(scene.ada)
    assert scene.ada.mail_choices == ""
    rows.commit()
    answer = client.post(address, data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    rows.refresh(scene.ada)
    assert scene.ada.mail_choices == "comment"


def test_news_is_nobody_elses_and_leads_nowhere_else(client, log_in, rows, scene):
    news = notifications.notify(rows, scene.ada, "scored", "x", now=ago(), url="//evil.example")
    rows.commit()
    log_in(scene.bob)
    assert client.get(f"/news/{news.id}").status_code == 404

    log_in(scene.ada)
    assert client.get(f"/news/{news.id}").location == "/news"


def test_who_may_read_the_code_comments_on_it(client, log_in, rows, scene):
    log_in(scene.ada)
    address = f"/{scene.other.hash_}"
    client.post(f"{address}/comments", data={"text": "Why <b>three</b>?"})
    assert "Why &lt;b&gt;three&lt;/b&gt;?" in text_of(client, address)

    log_in(scene.eve)  # takes no part
    assert client.post(f"{address}/comments", data={"text": "spam"}).status_code == 403
    key = rows.scalar(select(Comment.id))
    told = rows.scalar(select(Notification.user_id))
    rows.commit()
    assert told == scene.bob.id
    log_in(scene.bob)
    assert client.post(f"{address}/comments/{key}/remove").status_code == 403
    log_in(scene.organiser)
    assert client.post(f"{address}/comments/{key}/remove").status_code == 302
    assert "three" not in text_of(client, address)


def test_an_anonymous_event_hides_who_comments(client, log_in, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()
    log_in(scene.bob)
    client.post(f"/{scene.own.hash_}/comments", data={"text": "mine is better"})
    assert "bob</strong>" in text_of(client, f"/{scene.own.hash_}")

    log_in(scene.ada)
    client.post(f"/{scene.other.hash_}/comments", data={"text": "no"})
    log_in(scene.bob)
    client.post(f"/{scene.other.hash_}/comments", data={"text": "yes"})
    log_in(scene.ada)
    page = text_of(client, f"/{scene.other.hash_}")
    assert "Somebody</strong>" in page
    assert "bob</strong>" not in page


def test_a_submission_says_who_credits_it(client, log_in, rows, scene):
    credit_services.give(
        rows, scene.own, {scene.own.hash_: 60, scene.other.hash_: 40}, now=ago(), user=scene.ada
    )
    rows.commit()
    log_in(scene.bob)
    page = text_of(client, f"/{scene.other.hash_}")
    assert "Credited by" in page
    assert "40 %" in page
