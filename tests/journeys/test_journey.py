"""The whole way in a real browser: from an account to a place on the leaderboard.

Real processes (web server with its mailer, trainer), a real Chromium, a database made by
migration, and a problem that ships with the project. Pictures of each stop are left in the
test's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import PASSWORD, SUBMISSION, Site, installed, link_of_letter

PATIENCE_MS = 90_000
CODE = """from sklearn.ensemble import RandomForestClassifier


class Classifier:
    def fit(self, X, y):
        self.model = RandomForestClassifier(20, random_state=0).fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An installation of this test's own, whose first letter is the newcomer's."""
    with installed(tmp_path) as site:
        yield site


@pytest.fixture
def tab(site, browser, tmp_path: Path):
    """A tab of a real Chromium; what it logs as an error fails the test."""
    troubles: list[str] = []
    page = browser.new_page(base_url=site.url, viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda line: line.type == "error" and troubles.append(f"{page.url}: {line.text}"),
    )
    yield page
    page.close()
    assert troubles == []


def test_a_newcomer_gets_onto_the_leaderboard(site, tab, tmp_path: Path) -> None:
    stops = tmp_path / "stops"

    def stop(name: str) -> None:
        tab.screenshot(path=stops / f"{name}.png", full_page=True)

    tab.goto("/sign_up")
    tab.fill("[name=name]", "ada")
    tab.fill("[name=email]", "ada@example.org")
    tab.fill("[name=password]", PASSWORD)
    stop("1_sign_up")
    tab.click("main button[type=submit]")
    tab.goto(link_of_letter(site, "ada@example.org"))
    tab.click("main button[type=submit]")
    stop("2_confirmed")
    if not tab.locator("summary[aria-label='Your account']").is_visible():
        tab.goto("/login")
        tab.fill("[name=login]", "ada")
        tab.fill("[name=password]", PASSWORD)
        tab.click("main button[type=submit]")

    tab.goto("/events")
    tab.click("main a[href='/events/iris']")
    stop("3_event")
    tab.click(".page-actions >> text=Join")
    tab.wait_for_url("**/events/iris/sandbox")
    editor = tab.locator(".cm-content")
    editor.click()
    tab.keyboard.press("Control+A")
    tab.keyboard.press("Backspace")
    tab.keyboard.insert_text(CODE)
    tab.locator("[data-draft-status]", has_text="Saved at").wait_for()
    stop("4_sandbox")

    tab.reload()  # what was typed is there again
    assert "RandomForestClassifier" in tab.locator(".cm-content").inner_text()
    tab.fill("#name", "forest")
    tab.click("button:has-text('Submit')")
    tab.wait_for_url(SUBMISSION)
    stop("5_submitted")
    tab.locator(".live-state .state-good").wait_for(timeout=PATIENCE_MS)  # without reloading
    stop("6_scored")
    assert tab.locator("[aria-labelledby=scores-title] tbody tr").count() == 3

    tab.click("nav a:has-text('Leaderboard')")
    row = tab.locator("tr.is-own")
    assert row.get_by_role("link", name="forest", exact=True).count() == 1
    assert row.get_attribute("data-rank") == "1"
    assert float(row.locator(".score-official").inner_text().split()[0]) > 0.85
    stop("7_leaderboard")
