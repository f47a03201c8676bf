"""What Prometheus reads, and what an operator sees of a request."""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from databoard.errors import SettingsError
from databoard.web.app import create_app
from tests.builders import make_event_team, make_job, make_submission, make_user

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(("threshold_s", "is_logged"), [(0.0, True), (None, False)])
def test_each_request_logs_its_slow_queries_where_that_is_asked(
    settings, caplog, threshold_s, is_logged
):  # checklist 45
    client = create_app(replace(settings, slow_query_s=threshold_s)).test_client()

    with caplog.at_level(logging.INFO):
        assert client.get("/events").status_code == 200

    slow = [record for record in caplog.records if record.name == "databoard.slow"]
    assert bool(slow) is is_logged
    assert all("databoard/" in record.getMessage() for record in slow)


def test_a_request_says_how_many_queries_it_asked(client, caplog):
    response = client.get("/events")

    assert "queries" in response.headers["Server-Timing"]
    assert "databoard.slow" in caplog.text or "databoard/" in caplog.text


SENTRY = """
import sys
from databoard.web.app import create_app
app = create_app()

@app.get("/fails/<token>")
def fails(token):
    secret_of_a_variable = "hunter" + "2"
    raise ValueError("what somebody typed: " + token)

answer = app.test_client().get(
    "/fails/reset-token?name=ada", headers={"Cookie": "login=cookie-of-ada"}
)
import sentry_sdk
sentry_sdk.flush(10)
print(answer.status_code, answer.headers["X-Request-ID"])
"""


def test_sentry_gets_the_trace_and_nothing_private(tmp_path, sqlite_url):
    """In a process of its own: the library hooks itself into everything."""
    pytest.importorskip("sentry_sdk")
    brotli = pytest.importorskip("brotli")  # which the library takes where it is
    got = []

    class Sentry(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding", "")
            unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
            got.append((self.path, unpack.get(packed, bytes)(body).decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    dsn = f"http://public@127.0.0.1:{server.server_port}/1"
    env = {
        "PATH": os.environ["PATH"],
        "DATABOARD_DB_URL": sqlite_url,
        "DATABOARD_ROOT": str(tmp_path),
        "DATABOARD_SENTRY_DSN": dsn,
        "NO_PROXY": "127.0.0.1",
    }

    done = subprocess.run(
        [sys.executable, "-c", SENTRY], env=env, cwd=ROOT, capture_output=True, text=True
    )
    server.shutdown()

    assert done.stdout.startswith("500 "), done.stderr
    (envelope,) = [
        body for path, body in got if path == "/api/1/envelope/" and "stacktrace" in body
    ]
    assert "ValueError" in envelope
    assert '"function":"fails"' in envelope
    assert done.stdout.split()[1] in envelope
    for private in ("hunter2", "reset-token", "cookie-of-ada", "somebody typed:", "name=ada"):
        assert private not in envelope.replace('"what somebody typed: " + token', ""), private


def test_sentry_without_its_library_is_refused_in_words(settings):
    try:
        import sentry_sdk  # noqa: F401
    except ImportError:
        with pytest.raises(SettingsError, match="pip install sentry-sdk"):
            create_app(replace(settings, sentry_dsn="https://key@sentry.example.org/1"))
