"""What pages cost: the server's time, the bytes of the first one, and how far anything jumps.

An event of 1,000 submissions beside a small one. Each page is asked for right after a new result
has come, so that nothing is remembered of it, and once more, as most visitors find it; the time is
that of the whole application without a network. Then a Chromium with an empty cache opens the
front page, counting what is sent, and each page at two widths, adding up how far what is shown
was shifted.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from _boards import add_event, add_people, sessions_of, settings_in
from werkzeug.serving import WSGIRequestHandler, make_server

from databoard.services import accounts, events
from databoard.store.files import Files
from databoard.store.models import Submission, SubmissionFile
from databoard.store.queries import accounts as account_queries
from databoard.web.app import create_app

GOAL_MS, GOAL_KB, GOAL_SHIFT = 50.0, 200.0, 0.01
N_SUBMISSIONS = 1000
CHROMIUM = "/usr/bin/chromium"
CODE = b"class Classifier:\n    def fit(self, X, y):\n        return self\n" * 20
EVENT = "/events/large"
PAGES = {
    "user0": (
        "/", "/events", "/problems", "/help", "/news", "/teams", "/user", "/my_submissions",
        EVENT, f"{EVENT}/data", f"{EVENT}/rules", f"{EVENT}/environment", f"{EVENT}/activity",
        f"{EVENT}/leaderboard", f"{EVENT}/leaderboard?page=5", f"{EVENT}/leaderboard?q=s7",
        f"{EVENT}/leaderboard?sort=team", f"{EVENT}/leaderboard/competition", f"{EVENT}/plots",
        f"{EVENT}/blends", f"{EVENT}/sandbox", f"{EVENT}/my_submissions",
        f"{EVENT}/my_submissions/history", "/<first>",
    ),
    "root": (
        "/admin", "/admin/events", "/admin/events/large", "/admin/events/large/edit",
        "/admin/submissions", "/admin/users", "/admin/trainers", "/user_interactions",
        f"{EVENT}/private_leaderboard", f"{EVENT}/leaderboard/failed",
    ),
}  # fmt: skip
SHIFT = """new Promise((resolve) => {
  let sum = 0;
  const watch = (list) => { for (const one of list.getEntries()) sum += one.value; };
  new PerformanceObserver(watch).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 400);
})"""


def fill(sessions, settings) -> str:
    """Write people and events; return the hash of a submission that has files."""
    with sessions.begin() as session:
        people = add_people(session)
        add_event(session, "large", people, N_SUBMISSIONS)
        add_event(session, "small", people[:3], 10)
        first = session.query(Submission).order_by(Submission.id).first()
        first.files = [
            SubmissionFile(position=0, filename="classifier.py", n_bytes=len(CODE), sha256="0" * 64)
        ]
        Files(settings.submissions_dir).write_sources(first.folder, {"classifier.py": CODE})
        return first.hash_


def cookie_of(app, sessions, name: str) -> str:
    """Log somebody in and sign the cookie as the site does."""
    with sessions.begin() as session:
        user = account_queries.by_name(session, name)
        _, secret = accounts.open_session(
            session, user, "127.0.0.1", "bench", now=datetime.now(UTC)
        )
        content = {"login": secret, "_user_id": user.get_id(), "_fresh": True}
    return app.session_interface.get_signing_serializer(app).dumps(content)


def note_result(sessions) -> None:
    """Let something come that every page of the event must show."""
    with sessions.begin() as session:
        events.touch(session, 1)


def server_ms(app, sessions, first: str, n_rounds: int) -> dict[str, tuple[float, float]]:
    """Milliseconds of each page by its address: right after news, and again."""
    found = {}
    for name, pages in PAGES.items():
        client = app.test_client()
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie_of(app, sessions, name))
        for page in pages:
            path, times = page.replace("<first>", first), ([], [])
            answer = client.get(path)  # templates are compiled once per process
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status}")
            for _ in range(n_rounds):
                note_result(sessions)
                for taken in times:
                    begun = time.thread_time()
                    client.get(path, headers={"Accept-Encoding": "gzip"})
                    taken.append(1000 * (time.thread_time() - begun))
            found[page] = (statistics.median(times[0]), statistics.median(times[1]))
            print(f"{found[page][0]:7.1f} {found[page][1]:7.1f} ms  {page}", flush=True)
    return found


class Silent(WSGIRequestHandler):
    def log(self, *_args) -> None:
        """Write no line per request."""


def in_browser(app, sessions, first: str) -> tuple[float, dict[str, float]]:
    """Bytes that the front page sends to an empty cache, in kB; and the shift of each page."""
    from playwright.sync_api import sync_playwright

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    shifts: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page()
        sent = []
        channel = page.context.new_cdp_session(page)
        channel.send("Network.enable")
        channel.on("Network.loadingFinished", lambda one: sent.append(one["encodedDataLength"]))
        page.goto(base, wait_until="networkidle")
        for width in (1280, 390):
            for name, pages in PAGES.items():
                context = browser.new_context(viewport={"width": width, "height": 900})
                cookie = app.config["SESSION_COOKIE_NAME"]
                context.add_cookies(
                    [{"name": cookie, "value": cookie_of(app, sessions, name), "url": base}]
                )
                tab = context.new_page()
                for path in pages:
                    tab.goto(base + path.replace("<first>", first))
                    shifts[path] = max(shifts.get(path, 0.0), tab.evaluate(SHIFT))
                context.close()
        browser.close()
    server.shutdown()
    return sum(sent) / 1000, shifts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a PostgreSQL database; SQLite without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        settings = settings_in(Path(folder), options.url)
        engine, sessions = sessions_of(settings)
        first = fill(sessions, settings)
        app = create_app(settings)
        times = server_ms(app, sessions, first, 5 if options.quick else 15)
        first_kb, shifts = in_browser(app, sessions, first)
        engine.dispose()
    slowest = max(times, key=lambda page: times[page][0])
    jumpiest = max(shifts, key=lambda page: shifts[page])
    for page, shift in shifts.items():
        if shift > GOAL_SHIFT:
            print(f"shift {shift:.3f}  {page}")
    ratio = max(times[slowest][0] / GOAL_MS, first_kb / GOAL_KB, shifts[jumpiest] / GOAL_SHIFT)
    detail = (
        f"of {len(times)} pages at {N_SUBMISSIONS} submissions the slowest right after news is "
        f"{slowest} with {times[slowest][0]:.0f} ms, again {max(t[1] for t in times.values()):.0f} "
        f"ms (goal {GOAL_MS:.0f}); the front page sends {first_kb:.0f} kB (goal {GOAL_KB:.0f}); "
        f"the largest layout shift is {shifts[jumpiest]:.3f} on {jumpiest} (goal {GOAL_SHIFT}); "
        "the ratio is the worst of the three by its goal"
    )
    print(json.dumps({"name": "pages", "ratio": round(ratio, 2), "goal": 1.0, "detail": detail}))


if __name__ == "__main__":
    main()
