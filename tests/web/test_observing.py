"""What Prometheus reads, and what an operator sees of a request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databoard.errors import SettingsError
from databoard.web.app import create_app
from tests.builders import make_event_team, make_job, make_submission, make_user


@pytest.fixture
def settings(make_settings):
    return make_settings(metrics_token="let-me-in", slow_query_s=0.0)


def scrape(client, token="let-me-in"):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_the_queue_the_outcomes_and_the_requests_are_counted(client, rows):
    place = make_event_team(rows)
    make_job(rows, make_submission(rows, place, "a", state="new"))
    make_submission(rows, place, "b", state="training_error", fault="team")
    rows.commit()
    client.get("/events")

    text = scrape(client).text

    assert 'databoard_jobs{lane="train",state="due"} 1.0' in text
    assert 'databoard_submissions{fault="team",state="training_error"} 1.0' in text
    assert 'route="/events",status="200"' in text
    assert "databoard_trainers 0.0" in text
    age = next(line for line in text.splitlines() if line.startswith("databoard_queue_age"))
    assert float(age.split()[1]) > 0


def test_only_the_token_or_an_administrator_opens_it(client, rows, log_in):
    assert scrape(client, "guess").status_code == 302
    root = make_user(rows, "root", access_level="admin")
    rows.commit()

    assert log_in(root).get("/metrics").status_code == 200


def test_without_a_token_set_an_empty_one_opens_nothing(settings):
    client = create_app(replace(settings, metrics_token="")).test_client()

    assert scrape(client, "").status_code == 302


def test_a_request_says_how_many_queries_it_asked(client, caplog):
    response = client.get("/events")

    assert "queries" in response.headers["Server-Timing"]
    assert "databoard.slow" in caplog.text or "databoard/" in caplog.text


def test_sentry_without_its_library_is_refused_in_words(settings):
    try:
        import sentry_sdk  # noqa: F401
    except ImportError:
        with pytest.raises(SettingsError, match="pip install sentry-sdk"):
            create_app(replace(settings, sentry_dsn="https://key@sentry.example.org/1"))
