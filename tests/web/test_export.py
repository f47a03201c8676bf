"""A user takes the own data along, and nobody else's."""

from __future__ import annotations

from databoard.services import comments
from tests.web.scenes import ago, make_scene


def test_the_export_has_ones_own_data_and_no_secret(client, log_in, rows, settings):
    scene = make_scene(rows, settings.root, public_opening_at=ago(days=1))
    scene.own.user_id, scene.other.user_id = scene.ada.id, scene.bob.id
    scene.ada.password_hash = "the hash"
    comments.write(rows, scene.other, scene.ada, "Why three?", now=ago())
    comments.write(rows, scene.own, scene.bob, "Not ada's", now=ago())
    rows.commit()
    log_in(scene.ada)

    answer = client.get("/user/data.json")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    data = answer.get_json()
    assert data["account"]["email"] == scene.ada.email
    assert data["teams"] == ["ladies"]
    assert [one["name"] for one in data["submissions"]] == ["forest"]
    assert [one["text"] for one in data["comments"]] == ["Why three?"]
    assert [one["text"] for one in data["news"]] == ["There is a new comment on forest."]
    assert "the hash" not in answer.get_data(as_text=True)
