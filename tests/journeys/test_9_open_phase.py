"""The open phase: read, fork by one click, submit, give credit, and see the credit given."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Site, await_trainer, deposit, named, write

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_code_is_read_forked_and_credited_and_the_graph_shows_it(visit, shared_site: Site):
    original, fork = named("origin"), named("fork")
    deposit(shared_site, "erin", original)
    await_trainer(shared_site)
    page = visit("finn", width=390, color_scheme="dark")
    page.goto("/events/iris/leaderboard")
    page.get_by_role("link", name=original, exact=True).click()
    assert "RandomForestClassifier" in page.locator(".code-lines").inner_text()

    page.get_by_role("button", name="Import into my sandbox").click()
    page.locator("dialog[open]").get_by_role("button", name="Import into my sandbox").click()
    page.wait_for_url("**/sandbox")
    editor = page.locator(".cm-content", has_text="RandomForestClassifier(5")
    editor.wait_for()
    write(page, editor.inner_text().replace("Classifier(5", "Classifier(7"))
    page.fill("#name", fork)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.locator(".live-state .state-good").wait_for(timeout=90_000)

    page.reload()
    page.get_by_role("link", name="Give credit").click()
    row = page.locator("tr", has_text=original)
    assert "imported" in row.inner_text()  # suggested from what was done
    own = page.locator("tr", has_text="this submission itself").locator("[data-share]")
    for field in page.locator("tbody [data-share]").all():
        field.fill("0")
    row.locator("[data-share]").fill("60")
    own.fill("50")
    assert page.locator("[data-sum]").inner_text() == "110"
    page.get_by_role("button", name="Give credit").click()
    page.locator(".alert-danger").wait_for()
    own.fill("40")
    assert page.locator("[data-sum]").inner_text() == "100"
    page.get_by_role("button", name="Give credit").click()
    page.get_by_text("the credit is noted").wait_for()

    owner = visit("erin")
    owner.goto("/events/iris/my_submissions")
    owner.get_by_role("link", name=original, exact=True).click()
    credited = owner.locator("[aria-labelledby=credited-title]")
    assert fork in credited.inner_text()
    assert "60 %" in credited.inner_text()
    owner.goto("/events/iris/plots")
    graph = owner.locator("[aria-labelledby=credits-title]")
    graph.locator("[data-chart][data-ready] svg").wait_for()
    graph.get_by_text("All credits").click()
    assert graph.locator("tbody tr", has_text=fork).count() == 1
