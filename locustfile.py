"""Load on a running databoard: ``locust -f locustfile.py``, then http://127.0.0.1:8089/.

The environment says who logs in and where they play (env.sample); the host is Locust's own::

    DATABOARD_USERNAME=ada DATABOARD_PASSWORD=... DATABOARD_EVENT=iris \
        locust -f locustfile.py --host http://127.0.0.1:8080 --headless -u 30 -t 60s

CSRF protection stays on: every form is sent with the token of its page. ``{n}`` in the name stands
for a number, so that ``team_{n}`` logs in as team_1, team_2 and so on; ``--tags rush`` plays the
last minutes, when everybody submits.
"""

import itertools
import os
import re
import secrets
import sys

from locust import HttpUser, between, events, tag, task

USERNAME = os.environ.get("DATABOARD_USERNAME", "")
PASSWORD = os.environ.get("DATABOARD_PASSWORD", "")
EVENT = os.environ.get("DATABOARD_EVENT", "iris")

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
VERSION = re.compile(r'data-version="(\d+)"')
NUMBERS = itertools.count(1)
#: Answers of a server that works: the team has to wait, or the event is closed.
REFUSALS = {403, 409, 422, 429}


@events.init.add_listener
def check_environment(environment, **_arguments):
    """Say what is missing before any load starts."""
    missing = [
        name
        for name, value in (("DATABOARD_USERNAME", USERNAME), ("DATABOARD_PASSWORD", PASSWORD))
        if not value
    ]
    if missing:
        print(f"Set {' and '.join(missing)}: the account that logs in.", file=sys.stderr)
        sys.exit(1)


class Participant(HttpUser):
    """Somebody who looks at the board, writes, and submits now and then."""

    host = "http://127.0.0.1:8080"
    wait_time = between(1, 5)

    def on_start(self):
        """Log in with the token of the page."""
        name = USERNAME.replace("{n}", str(next(NUMBERS)))
        answer = self.send_form("/login", {"login": name, "password": PASSWORD})
        if answer.url.endswith("/login"):
            print(f"{name} cannot log in.", file=sys.stderr)
            self.environment.process_exit_code = 1
            self.environment.runner.quit()

    def send_form(self, path, fields):
        """Get a page and send its form back."""
        token = TOKEN.search(self.client.get(path).text)
        form = {"csrf_token": token.group(1) if token else "", **fields}
        with self.client.post(
            path, form, headers={"Referer": self.host + path}, catch_response=True
        ) as answer:
            if answer.status_code in REFUSALS and path.endswith("/sandbox"):
                answer.success()
        return answer

    @task(10)
    def watch_the_board(self):
        """Open the board, then ask for news as the page does."""
        path = f"/events/{EVENT}/leaderboard"
        version = VERSION.search(self.client.get(path).text)
        self.client.get(
            f"{path}/public/rows?v={version.group(1) if version else 0}",
            name=f"{path}/public/rows?v=[version]",
        )

    @task(3)
    def look_at_the_event(self):
        """Open the event and the front page."""
        self.client.get("/")
        self.client.get(f"/events/{EVENT}")

    @tag("rush")
    @task(3)
    def look_at_ones_own(self):
        """Open one's own submissions."""
        self.client.get(f"/events/{EVENT}/my_submissions")

    @task(2)
    def write(self):
        """Open the sandbox."""
        self.client.get(f"/events/{EVENT}/sandbox")

    @tag("rush")
    @task(1)
    def submit(self):
        """Submit what is in the sandbox, under a new name."""
        name = f"load_{secrets.token_hex(4)}"
        self.send_form(f"/events/{EVENT}/sandbox", {"name": name, "key": secrets.token_hex(16)})
