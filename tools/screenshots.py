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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from databoard.cli import populate
from databoard.services import (
    accounts,
    announcements,
    comments,
    invitations,
    merging,
    teams,
)
from databoard.services import events as event_services
from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import make_engine
from databoard.store.opening import open_session
from databoard.store.queries import accounts as account_queries
from databoard.store.queries import events, submissions
from databoard.store.queries import teams as team_queries
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
#: A kit whose score stops on what was accepted.
ODD = "odd"
ODD_PROBLEM = """import numpy as np
import rampwf as rw
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedShuffleSplit

problem_title = "Irises, judged by a score that stops"
Predictions = rw.prediction_types.make_multiclass(label_names=[0, 1, 2])
workflow = rw.workflows.Classifier()


class Shy(rw.score_types.Accuracy):
    def __call__(self, y_true, y_pred):
        raise ZeroDivisionError("nobody was right twice")


score_types = [Shy(name="shy")]


def get_cv(X, y):
    return StratifiedShuffleSplit(n_splits=2, test_size=0.3, random_state=57).split(X, y)


def get_train_data(path="."):
    X, y = load_iris(return_X_y=True)
    return X[::2], y[::2]


def get_test_data(path="."):
    X, y = load_iris(return_X_y=True)
    return X[1::2], y[1::2]
"""
#: What is no page of its own: parts, files, programs and what leads elsewhere; and what opens by
#: the link of a letter or a provider alone.
NO_PAGES = {
    "api", "assets", "static", "metrics", "all_sources", "activity_rows", "arrive", "asked_blends",
    "audit_csv", "check_state", "choose_language", "confirm", "confirm_new_email", "depart",
    "error_text", "healthz", "invitation_of_key", "link_sign_in", "log", "manual", "my_rows",
    "name_account", "open_news", "own_data", "plot", "readyz", "reset_password", "robots", "rows",
    "sandbox_file", "send_confirmation", "source_file", "starting_kit", "stop_letters",
    "submission_output", "submission_state", "table", "table_json", "version",
}  # fmt: skip


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
        all_pictures = pictures(settings)
        wanted = [picture for picture in all_pictures if choice.only in picture.name]
        missing = sorted(pages_left_out(create_app(settings), all_pictures))
        with served(settings) as address, sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=str(CHROMIUM) if CHROMIUM.exists() else None, args=CHROMIUM_ARGS
            )
            for picture in wanted:
                take(browser, address, picture, choice.folder)
                print(picture.name, flush=True)
            browser.close()
    if missing:
        sys.exit(f"No picture was taken of {', '.join(missing)}: name each in pictures(), or in "
                 "NO_PAGES if it is no page.")  # fmt: skip


def prepare(root: Path) -> Settings:
    """Fill a database: teams, good and bad submissions, one that waits, people who meet."""
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
    for name in ("bob", "carl", "eve"):
        populate.ensure_user(settings, name, PASSWORD)
    populate.ensure_team(settings, "owls", ["eve", "bob", "carl"])
    populate.deposit(settings, EVENT, "owls", "barn", code)
    starting_kit = root / "problems" / ODD / "submissions" / "starting_kit"
    starting_kit.mkdir(parents=True)
    for filename, content in code.items():
        (starting_kit / filename).write_bytes(content)
    (root / "problems" / ODD / "problem.py").write_text(ODD_PROBLEM)
    populate.ensure_problem(settings, ODD)
    populate.ensure_event(settings, ODD, ODD)
    populate.deposit(settings, ODD, "lovelace", "accepted", code)
    train_now(settings, [one.id for one in (*_submissions(settings), *_submissions(settings, ODD))])
    populate.deposit(settings, EVENT, "lovelace", "waiting", code)
    _meet(settings)
    return settings


def _meet(settings: Settings) -> None:
    """Have people talk, propose, invite and wait: what pages say of it is a picture, too."""
    now = datetime.now(UTC)
    with open_session(settings.database_url) as session:
        event = events.by_name(session, EVENT)
        users = {name: account_queries.by_name(session, name) for name in
                 ("root", "ada", "grace", "bob", "carl")}  # fmt: skip
        of = {name: team_queries.by_name(session, name) for name in ("lovelace", "hopper", "owls")}
        fields = {"can_merge_teams": True, "max_per_day": 20, "max_members_per_team": 4}
        event_services.update(session, event, **fields)
        place = team_queries.event_team(session, event.id, of["hopper"].id)
        merging.propose(session, place, "lovelace", "compilers", users["grace"], now=now)
        # Who has used one team's submissions comes to another one, and is about to.
        for name in ("bob", "carl"):
            teams.remove_member(session, of["owls"], users[name], now=now)
            invitation = invitations.invite(session, of["hopper"], users["grace"], name, now=now)
            if name == "carl":
                invitations.accept(session, invitation, users[name], now=now)
        first = submissions.of_event(session, event.id)[0]
        comments.write(session, first, users["grace"], "Why no scaling?", now=now)
        announcements.announce(session, users["root"], "Results on Friday.", now=now, event=event)
        accounts.sign_up(session, "dora", "dora@example.org", PASSWORD, now=now)
        session.commit()


def _link(settings: Settings) -> str:
    """Make a link that invites whoever opens it."""
    with open_session(settings.database_url) as session:
        team = team_queries.by_name(session, "hopper")
        grace = account_queries.by_name(session, "grace")
        _, secret = invitations.make_link(session, team, grace, now=datetime.now(UTC))
        session.commit()
    return f"/invitations/{secret}"


def _submissions(settings: Settings, name: str = EVENT):  # type: ignore[no-untyped-def]
    with open_session(settings.database_url) as session:
        event = events.by_name(session, name)
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
        ("submission_unscorable", f"/{_submissions(settings, ODD)[0].hash_}"),
        ("plots", f"{event}/plots"),
        ("blends", f"{event}/blends"),
        ("activity", f"{event}/activity"),
        ("history", f"{event}/my_submissions/history"),
        ("differences", f"{event}/sandbox/differences"),
        ("news", "/news"),
        ("notifications", "/user/notifications"),
        ("teams", "/teams"),
        ("team_asked", "/teams/lovelace"),
        ("team_merge", "/teams/lovelace/merge"),
        ("sessions", "/user/sessions"),
        ("tokens", "/user/tokens"),
        ("change_password", "/user/password"),
        ("change_email", "/user/email"),
        ("delete_account", "/user/delete"),
        ("logout", "/logout"),
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
        *(
            (f"admin_event_{page}", f"/admin/events/{EVENT}/{page}")
            for page in (
                "alike",
                "analytics",
                "archive",
                "clone",
                "edit",
                "judging",
                "merge",
                "roster",
            )
        ),
        (
            "admin_event_extension",
            f"/admin/events/{EVENT}/teams/{_place_of(settings, 'hopper')}/extension",
        ),
        ("admin_new_event", "/admin/events/new"),
        ("admin_announcements", "/admin/announcements"),
        ("admin_audit", "/admin/audit"),
        ("admin_letters", "/admin/mail"),
        ("admin_letter", "/admin/mail/1"),
        ("admin_tasks", "/admin/tasks"),
        ("admin_refuse", "/admin/users/dora/refuse"),
        ("admin_withdraw", f"/admin/submissions/{scored[0]}/withdraw"),
        ("admin_delete", f"/admin/submissions/{scored[0]}/delete"),
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
        Picture("signed_up", "/sign_up/done"),
        Picture("forgotten_password", "/password/forgotten"),
        Picture("sent_password_link", "/password/sent"),
        Picture("event", event),
        *(Picture(f"event_{tab}", f"{event}/{tab}") for tab in ("data", "rules", "environment")),
        *(Picture(name, path, "ada") for name, path in ada),
        *(Picture(name, path, "root") for name, path in root),
        Picture("join", f"{event}/sign_up", "root"),
        Picture("invited_by_name", "/teams", "bob"),
        Picture("invited_by_link", _link(settings), "bob"),
        Picture("team_asking", "/teams/hopper", "grace"),
        Picture("team_member", "/teams/hopper", "carl"),
        Picture("news_of_joining", "/news", "grace"),
        Picture("event_waiting", event, "carl"),
        Picture("home_waiting", "/", "carl"),
    ]


def _place_of(settings: Settings, team: str) -> int:
    with open_session(settings.database_url) as session:
        event, row = events.by_name(session, EVENT), team_queries.by_name(session, team)
        return team_queries.event_team(session, event.id, row.id).id


def pages_left_out(app: Flask, taken: Iterable[Picture]) -> set[str]:
    """List the pages of the site of which no picture is taken."""
    adapter = app.url_map.bind("localhost")
    seen = {adapter.match(picture.path.partition("?")[0])[0]
            for picture in taken if picture.name != "not_found"}  # fmt: skip
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    left_out = {one for one in pages if not NO_PAGES.isdisjoint((*one.split("."), one))}
    return pages - left_out - seen


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
