"""Take a picture of every page: ``python tools/screenshots.py [FOLDER]``.

Starts the product on a demo database of its own in a temporary folder (with submissions that are
really trained), opens each page in Chromium at 1280 and 390 pixels, light and dark, and leaves the
pictures in FOLDER (docs/screenshots by default).
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from databoard.cli import populate
from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine
from databoard.store.opening import open_session
from databoard.store.queries import events, submissions
from databoard.training.dispatcher import train_now
from databoard.web.app import create_app

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (1280, 390)
THEMES = ("light", "dark")
PASSWORD = "a password for pictures"  # noqa: S105 - of a database that lives a minute
PROBLEM = EVENT = "iris"
BROKEN = b"""from sklearn.linear_model import LogisticRegression


class Classifier:
    def fit(self, X, y):
        self.model = LogisticRegression().fit(X, y)
        raise ValueError("Input contains NaN in 3 columns")

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""


class Picture(NamedTuple):
    """A page to take: the name of its file, its address, and who looks."""

    name: str
    path: str
    user: str | None = None


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", default="", help="only the pages whose name contains this")
    choice = parser.parse_args()
    choice.folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="databoard-pictures-") as root:
        settings = prepare(Path(root))
        wanted = [picture for picture in pictures(settings) if choice.only in picture.name]
        with served(settings) as address, sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=str(CHROMIUM) if CHROMIUM.exists() else None, args=CHROMIUM_ARGS
            )
            for picture in wanted:
                take(browser, address, picture, choice.folder)
                print(picture.name, flush=True)
            browser.close()


def prepare(root: Path) -> Settings:
    """Fill a database: two teams, good and bad submissions, one that waits."""
    for folder in ("submissions", "db"):
        (root / folder).mkdir()
    shutil.copytree(ROOT / "problems" / PROBLEM, root / "problems" / PROBLEM)
    settings = Settings.from_env(
        {"DATABOARD_DB_URL": f"sqlite:///{root}/db/databoard.db", "DATABOARD_ROOT": str(root)}
    )
    engine = make_engine(settings.database_url)
    Base.metadata.create_all(engine)
    engine.dispose()
    populate.ensure_user(settings, "root", PASSWORD, "admin")
    populate.ensure_user(settings, "ada", PASSWORD)
    populate.ensure_user(settings, "grace", PASSWORD)
    populate.ensure_team(settings, "lovelace", ["ada"])
    populate.ensure_team(settings, "hopper", ["grace"])
    populate.ensure_problem(settings, PROBLEM)
    populate.ensure_event(settings, EVENT, PROBLEM)
    examples = populate.examples_of(settings, PROBLEM, EVENT, "lovelace", with_first=True)
    code = next(iter(examples.values()))
    for (_, name), files in examples.items():
        populate.deposit(settings, EVENT, "lovelace", name, files)
        populate.deposit(settings, EVENT, "hopper", f"{name}_2", files)
    populate.deposit(settings, EVENT, "lovelace", "broken", dict.fromkeys(code, BROKEN))
    train_now(settings, [one.id for one in _submissions(settings)])
    populate.deposit(settings, EVENT, "lovelace", "waiting", code)
    return settings


def _submissions(settings: Settings):  # type: ignore[no-untyped-def]
    with open_session(settings.database_url) as session:
        event = events.by_name(session, EVENT)
        return submissions.of_event(session, event.id) if event else []


def pictures(settings: Settings) -> list[Picture]:
    """List the pages."""
    hashes = {one.name: one.hash_ for one in _submissions(settings)}
    scored = [one.hash_ for one in _submissions(settings) if one.state == "scored"]
    event = f"/events/{EVENT}"
    ada = [
        ("home_user", "/"),
        ("event_user", event),
        ("sandbox", f"{event}/sandbox"),
        ("mine", f"{event}/my_submissions"),
        ("my_submissions", "/my_submissions"),
        ("leaderboard", f"{event}/leaderboard"),
        ("leaderboard_search", f"{event}/leaderboard?q=nobody"),
        ("competition", f"{event}/leaderboard/competition"),
        ("submission_scored", f"/{scored[0]}"),
        ("submission_failed", f"/{hashes['broken']}"),
        ("submission_queued", f"/{hashes['waiting']}"),
        ("compare", f"/compare?a={scored[0]}&b={hashes['broken']}"),
        ("credit", f"/credit/{scored[0]}"),
        ("profile", "/user"),
    ]
    root = [
        ("private_leaderboard", f"{event}/private_leaderboard"),
        ("failed", f"{event}/leaderboard/failed"),
        ("in_progress", f"{event}/leaderboard/new"),
        ("submission_admin", f"/{hashes['broken']}"),
        ("admin", "/admin"),
        ("admin_events", "/admin/events"),
        ("admin_event", f"/admin/events/{EVENT}"),
        ("admin_users", "/admin/users"),
        ("admin_submissions", "/admin/submissions"),
        ("admin_trainers", "/admin/trainers"),
        ("interactions", "/user_interactions"),
    ]
    return [
        Picture("home", "/"),
        Picture("events", "/events"),
        Picture("problems", "/problems"),
        Picture("problem", f"/problems/{PROBLEM}"),
        Picture("login", "/login"),
        Picture("sign_up", "/sign_up"),
        Picture("help", "/help"),
        Picture("not_found", "/nothing"),
        Picture("event", event),
        *(Picture(f"event_{tab}", f"{event}/{tab}") for tab in ("data", "rules", "environment")),
        *(Picture(name, path, "ada") for name, path in ada),
        *(Picture(name, path, "root") for name, path in root),
        Picture("join", f"{event}/sign_up", "root"),
    ]


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve the site on a free port."""
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> None:
    """Take one page at each width and in each theme."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.on("pageerror", lambda error: complain(picture, error))
    page.on("console", lambda line: line.type == "error" and complain(picture, line.text))
    log_in(context, picture.user)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(picture.path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{picture.name}_{width}_{theme}.png", full_page=True)
            too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if too_wide > 0:
                complain(picture, f"{too_wide} px too wide at {width}")
    context.close()


def complain(picture: Picture, trouble: object) -> None:
    """Tell what is wrong with a page."""
    print(f"{picture.name}: {trouble}", file=sys.stderr)


_cookies: dict[str, list] = {}


def log_in(context: BrowserContext, user: str | None) -> None:
    """Log in as a visitor would, once for each."""
    if user is None:
        return
    if user not in _cookies:
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=login]", user)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/")
        page.close()
        _cookies[user] = context.cookies()
    context.add_cookies(_cookies[user])


if __name__ == "__main__":
    main()
