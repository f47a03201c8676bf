"""Pages for everyone: by axe's rules, without scripts, with little motion, and on paper."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from databoard.cli import populate
from databoard.services import activity, outbox
from databoard.store.opening import open_session
from databoard.store.queries import events
from tests.journeys.conftest import CODE, PASSWORD, SUBMISSION, Site, await_trainer, deposit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

VISITORS = ("/login", "/sign_up", "/password/forgotten", "/help", "/problems", "/problems/iris")
PARTICIPANTS = (
    "/",
    "/events",
    "/events/iris",
    "/events/iris/rules",
    "/events/iris/activity",
    "/events/iris/leaderboard",
    "/events/iris/leaderboard/failed",
    "/events/iris/plots",
    "/events/iris/blends",
    "/events/iris/sandbox",
    "/events/iris/my_submissions",
    "/events/iris/my_submissions/history",
    "/my_submissions",
    "/news",
    "/teams",
    "/user",
    "/user/notifications",
    "/user/sessions",
    "/user/tokens",
    "/nothing/here",
)
ORGANISERS = (
    "/admin",
    "/admin/announcements",
    "/admin/audit",
    "/admin/events",
    "/admin/events/iris",
    "/admin/events/iris/alike",
    "/admin/events/iris/analytics",
    "/admin/events/iris/edit",
    "/admin/events/iris/judging",
    "/admin/events/new",
    "/admin/mail",
    "/admin/submissions",
    "/admin/tasks",
    "/admin/trainers",
    "/admin/users",
    "/events/iris/private_leaderboard",
    "/user_interactions",
)
#: What is laid out in another way on a phone.
NARROW = (
    "/",
    "/events",
    "/events/iris",
    "/events/iris/leaderboard",
    "/events/iris/sandbox",
    "/events/iris/my_submissions",
    "/events/iris/my_submissions/history",
    "/events/iris/plots",
    "/teams",
    "/user",
    "/help",
)
GRAVE = ("serious", "critical")
# The colours of a theme that was switched are there with the frame after the next.
FINDINGS = """async (rules) => {
  for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  const options = { resultTypes: ["violations"], ...rules };
  const { violations } = await axe.run(document, options);
  return violations.map(({ id, impact, nodes }) => [
    id, impact, nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
  ]);
}"""


@pytest.fixture(scope="module")
def scored(shared_site: Site) -> None:
    """One submission of the walker's has its score, one has failed; root administers."""
    populate.ensure_user(shared_site.settings, "root", PASSWORD, "admin")
    deposit(shared_site, "walker", "plain")
    deposit(shared_site, "walker", "broken", CODE.replace("print(", "1 / 0; print("))
    await_trainer(shared_site)


@pytest.fixture
def findings() -> Any:
    """Findings of axe on a page, light and dark, that keep somebody out."""
    axe = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT

    def look(page: Any, path: str) -> list[str]:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        page.locator("html[data-bs-theme=light]").wait_for(state="attached")
        page.evaluate(axe)
        if page.viewport_size["width"] <= 390:  # other places, the same colours
            rules = {"rules": {"color-contrast": {"enabled": False}}}
            return grave(path, "narrow", page.evaluate(FINDINGS, rules))
        found = grave(path, "light", page.evaluate(FINDINGS, {}))
        page.emulate_media(color_scheme="dark")
        page.locator("html[data-bs-theme=dark]").wait_for(state="attached")
        return found + grave(path, "dark", page.evaluate(FINDINGS, {"runOnly": ["color-contrast"]}))

    return look


def grave(path: str, how: str, found: list[Any]) -> list[str]:
    """Write down what keeps somebody out."""
    return [
        f"{path} ({how}) {rule}: {' | '.join(where)}"
        for rule, impact, where in found
        if impact in GRAVE
    ]


@pytest.mark.usefixtures("scored")
@pytest.mark.slow
def test_axe_finds_nothing_serious_on_any_page_light_or_dark(visit, findings):
    page = visit("walker", reduced_motion="reduce")
    own = pages_of_a_submission(page)
    found = [one for path in (*PARTICIPANTS, *own) for one in findings(page, path)]
    page.context.clear_cookies()
    found += [one for path in VISITORS for one in findings(page, path)]
    page = visit("root", reduced_motion="reduce")
    found += [one for path in ORGANISERS for one in findings(page, path)]

    assert not found, "\n".join(found)


@pytest.mark.usefixtures("scored")
@pytest.mark.slow
def test_axe_finds_nothing_serious_on_a_phone_and_nothing_is_wider_than_it(visit, findings):
    page = visit("walker", width=390, reduced_motion="reduce")
    found = []
    for path in (*NARROW, *pages_of_a_submission(page)):
        found += findings(page, path)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            found.append(f"{path} is wider than a phone")

    assert not found, "\n".join(found)


def test_no_word_is_too_long_for_a_phone(visit, shared_site):
    with open_session(shared_site.settings.database_url) as session:
        now = datetime.now(UTC)
        outbox.write(session, "long", "n" * 60 + "@example.org", "s" * 120, "", now=now)
        activity.audit(session, None, "mark", "o" * 120, now=now, reason="r" * 300)
        event = events.by_name(session, "iris")
        title, event.title = event.title, "t" * 200
        session.commit()
    populate.ensure_user(shared_site.settings, "root", PASSWORD, "admin")
    page = visit("root", width=390)

    cut = []
    for path in ("/admin/audit", "/admin/mail", "/admin/events", "/admin/events/iris"):
        page.goto(path)
        boxes = "[document.documentElement, ...document.querySelectorAll('.table-wrap')]"
        wider = page.evaluate(f"Math.max(...{boxes}.map(box => box.scrollWidth - box.clientWidth))")
        if wider:
            cut.append((path, wider))
    page.set_viewport_size({"width": 1280, "height": 900})
    for path in ("/admin/audit", "/admin/mail"):
        page.goto(path)
        wide = page.locator(".table-wrap")
        assert wide.evaluate("box => box.scrollWidth == box.clientWidth"), path
    with open_session(shared_site.settings.database_url) as session:
        events.by_name(session, "iris").title = title
        session.commit()

    assert cut == []


def pages_of_a_submission(page: Any) -> tuple[str, ...]:
    page.goto("/events/iris/leaderboard")
    link = page.locator("tbody tr", has_text="plain").get_by_role("link", name="plain", exact=True)
    path = link.first.get_attribute("href")
    return path, f"/compare?b={path[1:]}", f"/credit{path}"


def test_without_scripts_one_submits_by_a_form_and_reads_the_score_after_a_reload(visit):
    page = visit("bob", java_script_enabled=False)
    page.goto("/events/iris/sandbox")
    page.locator("textarea[data-filename='classifier.py']").fill(CODE)
    page.fill("#name", "by_hand")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url(SUBMISSION)

    until = time.monotonic() + 90
    while not page.locator(".live-state .state-good").count():
        assert time.monotonic() < until
        time.sleep(0.3)
        page.reload()
    page.goto("/events/iris/leaderboard")
    assert page.locator("tbody tr", has_text="by_hand").locator(".score").count()


@pytest.mark.usefixtures("scored")
def test_with_reduced_motion_nothing_moves_on_its_own(visit):
    page = visit("ada", reduced_motion="reduce")
    for path in ("/events/iris/leaderboard", "/events/iris/sandbox", "/events/iris/plots"):
        page.goto(path)
        longest = page.evaluate(
            """() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
              const { animationDuration, transitionDuration } = getComputedStyle(element);
              return [animationDuration, transitionDuration].map(Number.parseFloat);
            }))"""
        )
        assert longest <= 0.001, path


@pytest.mark.usefixtures("scored")
def test_on_paper_the_leaderboard_is_black_on_white_and_nothing_but_the_board(visit):
    page = visit("ada", color_scheme="dark")
    page.goto("/events/iris/leaderboard")
    page.emulate_media(media="print")

    assert not page.locator(".site-head, .footer, .tabs, form").locator("visible=true").count()
    assert page.locator("tbody tr", has_text="plain").is_visible()
    colours = page.locator("tbody tr td .score").first.evaluate(
        "(one) => [getComputedStyle(one).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours[0] in ("rgb(0, 0, 0)", "rgb(51, 51, 51)")
    assert colours[1] == "rgb(255, 255, 255)"
    wrap = page.locator(".table-wrap").first
    assert wrap.evaluate("(one) => one.scrollWidth <= one.clientWidth")
