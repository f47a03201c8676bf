"""nginx before gunicorn, both as shipped: limits, addresses, live parts, a server that is away."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from databoard.services import accounts, events
from databoard.store.opening import open_session
from databoard.store.queries import events as event_queries
from databoard.web.app import create_app
from tests.builders import make_user
from tests.operations.conftest import ROOT, Installation, find, free_port, need

CLIENT = "127.0.0.9"
METRICS_TOKEN = "a token for tests only"


@dataclass
class Stack:
    """A server of its own."""

    installation: Installation
    port: int
    gunicorn: subprocess.Popen[bytes]
    log: Path

    def ask(self, method, path, body=b"", **headers):
        """Ask nginx from an address of our own; give status, headers and body."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=20, source_address=(CLIENT, 0)
        )
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    need("nginx", "gunicorn", "sed", "awk")
    base = tmp_path_factory.mktemp("stack")
    base.chmod(0o755)
    installation = Installation(base / "server", f"sqlite:///{base}/server.db")
    installation.fill()
    bind, port = f"127.0.0.1:{free_port()}", free_port()
    installation.write_env(
        DATABOARD_PROXIES="1", DATABOARD_BIND=bind, DATABOARD_METRICS_TOKEN=METRICS_TOKEN
    )

    site = (ROOT / "deploy" / "nginx.conf").read_text()
    site = site[: site.index("# Sent only")] + site[site.index("server {\n    # TLS begin") :]
    site = re.sub(r"# TLS begin.*# TLS end", f"listen 127.0.0.1:{port};", site, flags=re.DOTALL)
    for word, value in {"BIND": bind, "SITE": "localhost", "PAGES": ROOT / "deploy/pages"}.items():
        site = site.replace(f"@{word}@", str(value))
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (base / name).mkdir()
    temps = f"client_body_temp_path {base}/body; " + " ".join(
        f"{name}_temp_path {base}/{name};" for name in ("proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    (base / "nginx.conf").write_text(
        f"{user} daemon off; pid {base}/nginx.pid; error_log {base}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {temps}\n{site}\n}}\n"
    )
    log = base / "gunicorn.log"
    with log.open("wb") as file:
        gunicorn = subprocess.Popen(
            [
                *(ROOT / "tools" / "with_env.sh", "gunicorn"),
                *("--config", ROOT / "deploy" / "gunicorn.conf.py", "wsgi:app"),
            ],
            env={**installation.environment, "PYTHONUNBUFFERED": "1"},
            stdout=file,
            stderr=file,
        )
    nginx = subprocess.Popen([find("nginx"), "-c", base / "nginx.conf"])
    made = Stack(installation, port, gunicorn, log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                if made.ask("GET", "/login")[0] == 200:
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield made
    finally:
        for process in (nginx, gunicorn):
            process.terminate()
            process.wait(40)


# neighbours 76
def test_what_is_too_large_is_refused_with_a_page(stack):
    # Refused by what it says of itself: no byte of 65 MB has to travel.
    status, headers, page = stack.ask("POST", "/login", b"", **{"Content-Length": str(65 * 2**20)})

    assert status == 413
    assert headers["Content-Type"].startswith("text/html")
    assert "This is too large" in page


# neighbours 76
def test_the_visitors_address_is_logged_and_cannot_be_invented(stack):
    status, *_ = stack.ask("GET", "/login?mark=1", **{"X-Forwarded-For": "203.0.113.7"})

    assert status == 200
    deadline = time.monotonic() + 5
    while "mark=1" not in stack.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    [line] = [line for line in stack.log.read_text().splitlines() if "mark=1" in line]
    assert line.startswith(f'{CLIENT} "GET /login?mark=1')
    assert "203.0.113.7" not in line


def test_a_request_keeps_its_number_through_both(stack):
    _, headers, _ = stack.ask("GET", "/login")

    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])
    assert headers["Server"] == "nginx"


def test_every_process_tells_the_requests_of_all(stack):
    """Two processes answer; whichever is asked knows what the other one counted."""
    assert "workers = 2" in (ROOT / "deploy" / "gunicorn.conf.py").read_text()
    for _ in range(12):
        stack.ask("GET", "/version")

    counted = set()
    for _ in range(8):
        status, _, page = stack.ask("GET", "/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
        assert status == 200
        counted.update(re.findall(r'seconds_count{.*route="/version".*} (\d+)', page))

    assert counted == {"12"}


def cookie_of_somebody(installation):
    """Log a user in, behind the pages' back."""
    app = create_app(replace(installation.settings, proxies=1))
    with open_session(installation.url) as session:
        user = make_user(session, access_level="admin")
        _, secret = accounts.open_session(session, user, CLIENT, "pytest", now=datetime.now(UTC))
        session.commit()
        cookie = {"login": secret, "_user_id": user.get_id(), "_fresh": True}
    serializer = app.session_interface.get_signing_serializer(app)
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(cookie)}"


# neighbours 76: news is there at the next poll
def test_live_parts_pass_at_once_and_are_kept_by_nobody(stack):
    cookie = cookie_of_somebody(stack.installation)
    path = "/events/spring/leaderboard/public/rows"
    status, headers, page = stack.ask("GET", path, Cookie=cookie)
    assert status == 200, page
    version = headers["X-Version"]
    assert stack.ask("GET", f"{path}?v={version}", Cookie=cookie)[0] == 204

    with open_session(stack.installation.url) as session:
        events.touch(session, event_queries.by_name(session, "spring").id)
        session.commit()
    began = time.monotonic()
    while stack.ask("GET", f"{path}?v={version}", Cookie=cookie)[0] == 204:
        assert time.monotonic() - began < 3
        time.sleep(0.1)

    assert time.monotonic() - began < 1.5
    assert "no-store" in headers["Cache-Control"]


def test_while_the_pages_restart_there_is_a_page(stack):
    stack.gunicorn.terminate()
    stack.gunicorn.wait(40)

    status, _, page = stack.ask("GET", "/")

    assert status == 503
    assert "being worked on" in page
