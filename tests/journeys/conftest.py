"""One installation for all journeys: a web server, a trainer, a real Chromium."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from databoard.cli import populate
from databoard.cli.database import migrate_to_head
from databoard.cli.demo.processes import Children
from databoard.settings import Settings
from databoard.store.opening import open_session
from databoard.store.queries import events

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
SUBMISSION = re.compile(r"/[0-9a-f]{40}$")
CODE = """from sklearn.ensemble import RandomForestClassifier


class Classifier:
    def fit(self, X, y):
        print("rows:", len(X))
        self.model = RandomForestClassifier(5, random_state=0).fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""


@dataclass(frozen=True)
class Site:
    """Where an installation is served, and its settings."""

    url: str
    settings: Settings


@contextmanager
def installed(folder: Path) -> Iterator[Site]:
    """Serve an installation with the event iris by a web server and a trainer of its own."""
    root = folder / "root"
    shutil.copytree(ROOT / "problems" / "iris", root / "problems" / "iris")
    for name in ("submissions", "db"):
        (root / name).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    env = {
        "DATABOARD_DB_URL": f"sqlite:///{root}/db/databoard.db",
        "DATABOARD_ROOT": str(root),
        "DATABOARD_PUBLIC_URL": url,
        "DATABOARD_WORKERS": "2",
    }
    settings = Settings.from_env(env)
    migrate_to_head(settings)
    populate.ensure_problem(settings, "iris")
    populate.ensure_event(settings, "iris", "iris")
    children = Children(env, folder / "logs")
    try:
        children.start("web", "serve", "--host", "127.0.0.1", "--port", str(port))
        children.start("trainer", "train")
        _wait_for(f"{url}/version")
        yield Site(url, settings)
    finally:
        children.stop()


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An installation with the event iris, whose code and logs are open."""
    with installed(tmp_path_factory.mktemp("journeys")) as site:
        with open_session(site.settings.database_url) as session:
            event = events.by_name(session, "iris")
            event.pause_s = 0  # journeys follow one another at once
            event.log_policy = "full"
            session.commit()
        yield site


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


@pytest.fixture
def visit(shared_site: Site, browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a tab for somebody: ``visit("ada", width=390, color_scheme="dark")``.

    They get an account, and take part in iris unless ``joins=False``.
    """
    contexts, troubles = [], []

    def open_tab(user: str, *, width: int = 1280, joins: bool = True, **options: Any) -> Any:
        populate.ensure_user(shared_site.settings, user, PASSWORD)
        context = browser.new_context(
            base_url=shared_site.url, viewport={"width": width, "height": 900}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        log_in(page, user)
        if joins:
            page.goto("/events/iris/sign_up")
        if page.url.endswith("/sign_up"):
            page.get_by_role("button", name="Join").click()
            page.wait_for_url("**/sandbox")
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert troubles == []


def write(page: Any, code: str) -> None:
    """Type into the first editor, by the keyboard."""
    editor = page.locator(".cm-content").first
    editor.focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)


def log_in(page: Any, user: str, password: str = PASSWORD) -> None:
    """Fill in the login page and wait for what follows."""
    page.goto("/login")
    page.fill("[name=login]", user)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


def named(what: str) -> str:
    """Make a name that no other try of a journey has taken."""
    return f"{what}_{token_hex(3)}"


def submit(page: Any, name: str, code: str) -> None:
    """Write code into the sandbox and submit it; the tab is on the submission's page then."""
    page.goto("/events/iris/sandbox")
    write(page, code)
    page.fill("#name", name)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url(SUBMISSION)


def deposit(site: Site, team: str, name: str, code: str = CODE) -> None:
    """Submit for a team, founded by somebody of its name, without a browser."""
    populate.ensure_user(site.settings, team, PASSWORD)
    populate.ensure_team(site.settings, f"team_{team}", [team])
    files = {"classifier.py": code.encode()}
    populate.deposit(site.settings, "iris", f"team_{team}", name, files)


def await_trainer(site: Site) -> None:
    """Wait until everything submitted has come to an end."""
    until = time.monotonic() + 120
    while populate.n_waiting(site.settings)["iris"]:
        assert time.monotonic() < until, "the trainer has not come to an end"
        time.sleep(0.2)


def link_of_letter(site: Site, address: str, to: str = "") -> str:
    """Path of the link in the newest letter to an address, once one that leads there was sent."""
    for _ in range(300):
        for path in sorted((site.settings.root / "db" / "mail").glob("*.eml"), reverse=True):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            found = re.search(rf"https?://\S*{to}\S*", letter.get_content())
            if address in letter["To"] and found:
                return urlsplit(found[0]).path
        time.sleep(0.1)
    raise TimeoutError(f"no letter to {address}")
