from __future__ import annotations

import gzip
import json

import pytest

from databoard.web import assets


@pytest.fixture
def dist(monkeypatch, tmp_path):
    """A front end that was built."""
    script = b"export const answer = 42;\n" * 100
    (tmp_path / "app-1.js").write_bytes(script)
    (tmp_path / "app-1.js.gz").write_bytes(gzip.compress(script))
    (tmp_path / "manifest.json").write_text(json.dumps({"app.js": "app-1.js"}))
    monkeypatch.setattr(assets, "DIST", tmp_path)
    assets.manifest.cache_clear()
    yield tmp_path
    assets.manifest.cache_clear()


def test_a_page_names_the_built_file(dist, client):
    assert (
        '<script type="module" blocking="render" src="/static/dist/app-1.js">'
        in client.get("/nothing").text
    )


def test_a_page_works_where_nothing_was_built(dist, client):
    (dist / "manifest.json").unlink()

    page = client.get("/nothing")

    assert page.status_code == 404
    assert "<script" not in page.text
    assert "There is nothing here" in page.text


def test_a_built_file_is_kept_for_good(dist, client):
    response = client.get("/static/dist/app-1.js")

    assert response.status_code == 200
    assert response.mimetype == "text/javascript"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Encoding" not in response.headers


def test_a_built_file_is_sent_compressed_to_who_can_read_it(dist, client):
    response = client.get("/static/dist/app-1.js", headers={"Accept-Encoding": "br, gzip"})

    assert response.headers["Content-Encoding"] == "gzip"  # there is no .br beside it
    assert response.mimetype == "text/javascript"
    assert "Accept-Encoding" in response.vary
    assert gzip.decompress(response.data).startswith(b"export const answer")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fmanifest.json", "%2e%2e%2fapp.py"])
def test_no_other_file_is_served(dist, client, name):
    assert client.get(f"/static/dist/{name}").status_code == 404
