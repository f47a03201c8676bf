"""Credit is suggested from what is written alike, as far as its team may read it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from databoard.services import activity
from databoard.services import credits as credit_services
from tests.builders import make_scored_submission
from tests.web.scenes import ago, ahead, make_scene, with_files

CODE = b"""class Classifier:
    def fit(self, X, y):
        self.model = make_pipeline(StandardScaler(), LogisticRegression(C=1)).fit(X, y)
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""


@pytest.fixture
def scene(rows, settings):
    scene = make_scene(rows, settings.root, public_opening_at=ago(days=1))
    source = make_scored_submission(rows, scene.men, "source", score=0.8, submitted_at=ago(hours=3))
    scene.source = with_files(scene, source, CODE)
    fork = make_scored_submission(rows, scene.ladies, "fork", score=0.9, submitted_at=ago(hours=1))
    scene.fork = with_files(scene, fork, CODE.replace(b"C=1", b"C=2"))
    rows.commit()
    return scene


def shares(client, scene) -> dict[str, int]:
    page = BeautifulSoup(client.get(f"/credit/{scene.fork.hash_}").data, "html.parser")
    return {
        field["name"].removeprefix("share-"): int(field["value"])
        for field in page.select("tbody [data-share]")
    }


def test_what_is_written_alike_is_suggested_and_sums_to_100(log_in, scene):
    ada = log_in(scene.ada)

    found = shares(ada, scene)

    assert found == {scene.fork.hash_: 50, scene.source.hash_: 50}
    assert "100% of the code is in both" in ada.get(f"/credit/{scene.fork.hash_}").text


def test_what_the_team_may_not_read_is_not_suggested(log_in, rows, scene):
    scene.event.public_opening_at = ahead(days=1)
    rows.commit()

    assert scene.source.hash_ not in shares(log_in(scene.ada), scene)


def test_what_came_after_a_freeze_is_not_suggested(app, log_in, rows, scene):
    scene.event.freeze_at = ago(hours=4)
    activity.note(
        rows,
        "look",
        user_id=scene.ada.id,
        now=ago(hours=2),
        event_id=scene.event.id,
        event_team_id=scene.ladies.id,
        submission_id=scene.source.id,
    )
    rows.commit()

    assert shares(log_in(scene.ada), scene) == {scene.fork.hash_: 100}
    assert scene.source.hash_ in shares(log_in(scene.organiser, app.test_client()), scene)


def test_what_was_given_is_not_changed_by_suggestions(log_in, rows, scene):
    credit_services.give(
        rows, scene.fork, {scene.fork.hash_: 90, scene.source.hash_: 10}, now=ago()
    )
    rows.commit()

    assert shares(log_in(scene.ada), scene) == {scene.fork.hash_: 90, scene.source.hash_: 10}


def test_a_suggestion_that_was_declined_stays_declined(log_in, rows, scene):
    credit_services.give(rows, scene.fork, {scene.fork.hash_: 100}, now=ago())
    rows.commit()

    assert shares(log_in(scene.ada), scene) == {scene.fork.hash_: 100, scene.source.hash_: 0}


def test_a_share_of_more_than_all_is_refused_without_an_address(log_in, scene):
    ada, url = log_in(scene.ada), f"/credit/{scene.fork.hash_}"
    token = BeautifulSoup(ada.get(url).data, "html.parser").select_one("[name=csrf_token]")
    data = {f"share-{scene.fork.hash_}": "150", "csrf_token": token["value"]}

    answer = ada.post(url, data=data)

    assert answer.status_code == 422
    alert = BeautifulSoup(answer.data, "html.parser").select_one(".alert-danger")
    assert "A share is a whole number from 0 to 100." in alert.text
    assert scene.fork.hash_ not in alert.text
