"""The documentation under /docs, in the site's own layout."""

from __future__ import annotations

import pytest

from databoard.web.pages import manual

PAGE = """<!doctype html>
<title>Back up &amp; restore</title>
<nav><!-- nav --><ul><li><a href="../..">Overview</a></li></ul><!-- /nav --></nav>
<main><!-- content --><h1>Back up</h1><!-- /content --></main>
"""


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A site of two pages."""
    for folder in (tmp_path, tmp_path / "how-to" / "back-up"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(PAGE)
    monkeypatch.setattr(manual, "DOCS", tmp_path)


def test_a_page_stands_in_the_layout_of_the_site(client, built):
    response = client.get("/docs/how-to/back-up/")

    assert response.status_code == 200
    assert "<title>Back up &amp; restore · databoard</title>" in response.text
    assert "<h1>Back up</h1>" in response.text
    assert '<a href="../..">Overview</a>' in response.text
    assert response.text.count("<html") == 1


def test_links_are_relative_so_an_address_is_a_folder(client, built):
    assert client.get("/docs").headers["Location"].endswith("/docs/")
    assert client.get("/docs/how-to/back-up").headers["Location"] == "/docs/how-to/back-up/"


@pytest.mark.parametrize("page", ["nothing/", "../../settings/", "how-to/%2e%2e/%2e%2e/"])
def test_there_are_no_other_pages(client, built, page):
    assert client.get(f"/docs/{page}").status_code in (302, 404)
    assert client.get(f"/docs/{page}", follow_redirects=True).status_code == 404


def test_where_it_is_not_built_the_site_says_how(client, tmp_path, monkeypatch):
    monkeypatch.setattr(manual, "DOCS", tmp_path / "nowhere")

    assert "make docs" in client.get("/docs/").text


def test_the_help_leads_to_it(client):
    assert 'href="/docs/"' in client.get("/help").text
