"""Pages of submissions: what is shown of them, and to whom."""

import html
import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from databoard.services.reruns import REUSED
from databoard.store.files import Files
from databoard.store.models import Interaction, Submission
from databoard.store.queries import credits as credit_queries
from databoard.web.leaderboards.highlight import highlight
from databoard.web.leaderboards.measures import coarse_memory, coarse_time
from databoard.web.leaderboards.output import SHOWN
from tests.builders import make_scored_submission, make_submission
from tests.web.scenes import CODE, ago, ahead, make_failed, make_scene, soup, with_files

SECRET = 0.123456


@pytest.fixture
def scene(rows, settings):
    return make_scene(rows, settings.root, public_opening_at=ago(days=1), closing_at=ahead(days=1))


@pytest.fixture
def as_(app, log_in, scene):
    return lambda name: log_in(getattr(scene, name), app.test_client())


def token(client, url):
    return soup(client.get(url)).select_one("[name=csrf_token]")["value"]


def test_the_page_shows_scores_folds_and_coloured_code(as_, scene):
    page = soup(as_("ada").get(f"/{scene.own.hash_}"))

    assert page.select_one("h1").text == "forest"
    assert "0.900" in page.select_one("[aria-labelledby=scores-title]").text
    assert len(page.select("[aria-labelledby=folds-title] tbody tr")) == 2
    assert page.select_one(".code-lines .tok-keyword").text == "from"
    assert page.select("[style]") == []


def test_private_scores_stay_on_the_server_until_the_closing(as_, rows, scene):
    for score in scene.own.scores:
        score.private = score.test_bag = score.test_mean = score.test_std = SECRET
    for run in scene.own.fold_runs:
        for score in run.scores:
            score.test = SECRET
    rows.commit()
    url = f"/{scene.own.hash_}"

    before = as_("ada").get(url)
    organiser = as_("organiser").get(url)
    scene.event.closing_at = ago(minutes=1)
    rows.commit()
    after = as_("ada").get(url)

    assert b"0.123" not in before.data
    assert b"0.123" in organiser.data
    assert b"0.123" in after.data


@pytest.mark.parametrize(
    ("opening", "closing", "status"), [(1, 1, 200), (-1, 1, 404), (2, -1, 404)]
)
def test_code_of_others_is_read_between_public_opening_and_closing(
    as_, rows, scene, opening, closing, status
):
    scene.event.public_opening_at = ago(days=opening)
    scene.event.closing_at = ahead(days=closing)
    rows.commit()
    bob = as_("bob")

    answer = bob.get(f"/{scene.own.hash_}/classifier.py")  # checklist 72, 79
    page = bob.get(f"/{scene.own.hash_}")

    assert answer.status_code == status
    assert page.status_code == 200
    assert (b"tok-keyword" in page.data) is (status == 200)


def test_who_takes_no_part_reads_no_code(as_, scene):
    assert as_("eve").get(f"/{scene.own.hash_}/classifier.py").status_code == 404


def test_a_source_is_a_download_that_no_browser_runs(as_, scene):
    answer = as_("ada").get(f"/{scene.own.hash_}/classifier.py")

    assert answer.data == CODE
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")  # W4


@pytest.mark.parametrize("name", ["log.txt", "..%2fsecret", "fold_0", "classifier.pyc"])
def test_only_files_of_the_submission_are_served(as_, scene, name):
    assert as_("admin").get(f"/{scene.own.hash_}/{name}").status_code == 404


def test_a_failure_shows_the_failing_line_of_the_teams_own_code(as_, rows, scene):
    bad = make_failed(rows, scene, scene.ladies)

    page = soup(as_("ada").get(f"/{bad.hash_}"))

    failure = page.select_one(".failure")
    failing = failure.select_one(".is-failing")
    assert "class Classifier" in failing.text
    assert failing.select_one("[data-line]")["data-line"] == "4"
    assert "in the submission" in failure.text
    assert "Impute" in failure.text


def test_a_score_that_could_not_be_computed_blames_nobody_and_says_that_it_counts(as_, rows, scene):
    words = "Fold 2: the score accuracy of the valid predictions is nan: no number"
    fields = {"state": "scoring_error", "fault": "organiser", "message": words}
    bad = make_failed(rows, scene, scene.ladies, error_file="", error_fold=1, **fields)

    failure = soup(as_("ada").get(f"/{bad.hash_}")).select_one(".failure").text

    assert words in failure
    assert "failed in scoring, fold 2" in failure
    assert "organisers are told" in failure
    assert "counts against your quota" in failure


def test_folds_are_counted_from_1_as_messages_count_them(as_, rows, scene, settings):
    own = printing(rows, scene, settings, b"hello")

    page = soup(as_("organiser").get(f"/{own.hash_}"))

    first, *_, last = (
        row.select_one("td").text for row in page.select("[aria-labelledby=folds-title] tbody tr")
    )
    assert (first, last) == ("1", str(len(own.fold_runs)))
    assert page.select_one("#output-1")["aria-label"] == "What fold 2 prints"


def test_a_team_reads_a_short_error_and_the_organisers_all_of_it(as_, rows, scene):
    bad = make_failed(rows, scene, scene.ladies)
    url = f"/{bad.hash_}/error.txt"

    short, full = as_("ada").get(url), as_("organiser").get(url)  # checklist 73, L11

    assert b"secret" not in short.data
    assert len(short.text) < 250
    assert b"secret" in full.data
    assert b"secret" not in as_("ada").get(f"/{bad.hash_}").data


def test_an_open_log_policy_shows_the_team_everything(as_, rows, scene):
    scene.event.log_policy = "full"
    bad = make_failed(rows, scene, scene.ladies)

    assert b"secret" in as_("ada").get(f"/{bad.hash_}/error.txt").data


def test_others_do_not_even_learn_of_a_failure(as_, rows, scene):
    bad = make_failed(rows, scene, scene.ladies)

    for url in (f"/{bad.hash_}", f"/{bad.hash_}/error.txt", f"/{bad.hash_}/state"):
        assert as_("bob").get(url).status_code == 404


def test_there_is_no_error_without_an_error(as_, scene):
    assert as_("ada").get(f"/{scene.own.hash_}/error.txt").status_code == 404


def test_logs_are_for_the_organisers(as_, scene, settings):
    files = Files(settings.submissions_dir)
    files.write_fold(scene.own.folder, 0, "log.txt", b"<script>alert(1)</script>")
    url = f"/{scene.own.hash_}/log_0.txt"

    answer = as_("organiser").get(url)

    assert as_("ada").get(url).status_code == 404
    assert answer.mimetype == "text/plain"
    assert answer.data.startswith(b"<script>")


def printing(rows, scene, settings, text):
    """A submission of the ladies whose second fold runs and has printed this."""
    own = make_submission(rows, scene.ladies, "mine", has_job=True, state="training")
    own.fold_runs[0].state, own.fold_runs[0].ended_at = "scored", ago(minutes=1)
    own.fold_runs[1].state = "training"
    with_files(scene, own)
    Files(settings.submissions_dir).write_fold(own.folder, 1, "log.txt", text)
    rows.commit()
    return own


def test_what_a_running_fold_prints_is_followed_where_the_event_shows_logs(
    as_, rows, scene, settings
):
    scene.event.log_policy = "full"
    bar = b"epoch 1 <b>\r 10 %\r 90 %\nepoch 2\n"
    own = printing(rows, scene, settings, bar)
    ada = as_("ada")

    live = soup(ada.get(f"/{own.hash_}")).select("[data-live]")[1]
    same = ada.get(f"{live['data-live']}?v={live['data-version']}")
    Files(settings.submissions_dir).write_fold(own.folder, 1, "log.txt", bar + b"epoch 3\n")
    news = soup(ada.get(f"{live['data-live']}?v={live['data-version']}"))

    assert live.select_one("[data-running]")
    assert [one.text for one in live.select("pre")] == [" 90 %\nepoch 2\n"]  # fold 1 runs alone
    assert same.status_code == 204
    assert news.select_one("pre").text.endswith("epoch 3\n")


def test_of_a_long_log_the_end_is_shown(as_, rows, scene, settings):
    scene.event.log_policy = "full"
    own = printing(rows, scene, settings, b"first\n" + b"x" * SHOWN)

    shown = soup(as_("ada").get(f"/{own.hash_}/output")).select_one("pre").text

    assert shown == "…" + "x" * SHOWN


def test_where_logs_are_private_a_team_is_told_so_while_it_waits(as_, rows, scene, settings):
    own = printing(rows, scene, settings, b"42 rows")
    url = f"/{own.hash_}/output"

    team, organiser, other = (as_(who).get(url) for who in ("ada", "organiser", "bob"))

    assert "keeps its data private" in team.text
    assert "42 rows" not in team.text  # L11
    assert "42 rows" in organiser.text
    assert other.status_code == 404


def reused(rows, scene):
    """A submission of the ladies that took over the results of the men's."""
    made_with = {"code_hash": "c" * 64, "data_hash": "d" * 64, "environment_hash": "e" * 64}
    own = make_scored_submission(rows, scene.ladies, "again", message=REUSED)
    for one in (with_files(scene, own), scene.other):
        for name, value in made_with.items():
            setattr(one, name, value)
    rows.commit()
    return own


def test_reused_results_name_their_origin_to_who_may_read_both(as_, rows, scene):
    own = reused(rows, scene)
    link = f"[href='/{scene.other.hash_}']"

    shown = soup(as_("ada").get(f"/{own.hash_}")).select_one(".live-state")
    scene.event.public_opening_at = ahead(hours=1)
    rows.commit()
    hidden = soup(as_("ada").get(f"/{own.hash_}")).select_one(".live-state")
    others = soup(as_("bob").get(f"/{own.hash_}")).select_one(".live-state")

    assert shown.select_one(link).text == "boosting"
    assert "The same code was scored before" in hidden.text
    assert not hidden.select(link)
    assert "The same code" not in others.text  # nor that it equals their own


def test_everybody_sees_what_a_submission_was_made_with_but_not_the_hash_of_hidden_code(
    as_, rows, scene
):
    own = reused(rows, scene)
    scene.event.public_opening_at = ahead(hours=1)
    rows.commit()

    def hashes(name):
        return [one.text for one in soup(as_(name).get(f"/{own.hash_}")).select("code.hash")]

    assert hashes("ada") == ["c" * 64, "d" * 64, "e" * 64]
    assert hashes("bob") == hashes("eve") == ["d" * 64, "e" * 64]


def test_all_files_are_one_download_where_the_code_may_be_read(as_, rows, scene):
    url = f"/{scene.own.hash_}/submission.zip"

    answer, refused = as_("bob").get(url), as_("eve").get(url)

    with ZipFile(BytesIO(answer.data)) as archive:
        assert archive.read("classifier.py") == CODE
    assert "forest.zip" in answer.headers["Content-Disposition"]
    assert rows.query(Interaction).filter_by(kind="look").count() == 1
    assert refused.status_code == 404


def test_what_people_write_is_shown_as_text(as_, rows, scene):
    scene.own.comment = "<script>alert(1)</script>"
    with_files(
        scene,
        other := make_submission(rows, scene.ladies, "evil", state="scored"),
        b"'<img src=x onerror=alert(1)>'",
    )
    rows.commit()

    for one in (scene.own, other):
        page = soup(as_("ada").get(f"/{one.hash_}"))
        assert page.select("main script, main img") == []  # W4


def test_a_queued_submission_tells_its_place_and_keeps_itself_current(as_, rows, scene):
    make_submission(rows, scene.men, "ahead", has_job=True, submitted_at=ago(minutes=2))
    own = make_submission(rows, scene.ladies, "mine", has_job=True, submitted_at=ago(minutes=1))
    with_files(scene, own)
    rows.commit()
    ada = as_("ada")

    live = soup(ada.get(f"/{own.hash_}")).select_one("[data-live]")
    same = ada.get(f"{live['data-live']}?v={live['data-version']}")
    own.state, own.fold_runs[0].state = "training", "scored"
    rows.commit()
    news = ada.get(f"{live['data-live']}?v={live['data-version']}")

    assert "1 submission ahead" in live.text
    assert same.status_code == 204
    assert "Fold 2 of 2" in soup(news).text
    assert soup(news).select_one("[data-running]")


def test_a_queued_submission_is_cancelled_by_its_team_only(as_, rows, scene):
    own = make_submission(rows, scene.ladies, "mine", has_job=True)
    with_files(scene, own)
    rows.commit()
    ada, bob = as_("ada"), as_("bob")
    url = f"/{own.hash_}"

    other = bob.post(f"{url}/cancel", data={"csrf_token": token(bob, "/events/open")})
    answer = ada.post(f"{url}/cancel", data={"csrf_token": token(ada, url)})

    assert other.status_code == 404
    assert answer.status_code == 302
    rows.expire_all()
    assert rows.get(Submission, own.id).state == "cancelled"


def test_only_organisers_train_again(as_, rows, scene):
    ada, organiser = as_("ada"), as_("organiser")
    url = f"/{scene.own.hash_}"

    mine = ada.post(f"{url}/retry", data={"csrf_token": token(ada, url)})
    theirs = organiser.post(f"{url}/retry", data={"csrf_token": token(organiser, url)})

    assert (mine.status_code, theirs.status_code) == (403, 302)
    rows.expire_all()
    assert rows.get(Submission, scene.own.id).state == "new"


def test_an_anonymous_event_hides_who_made_it(as_, rows, scene):
    scene.event.is_anonymous = True
    rows.commit()

    assert b"ladies" not in as_("bob").get(f"/{scene.own.hash_}").data
    assert b"ladies" in as_("organiser").get(f"/{scene.own.hash_}").data


def test_reading_others_code_is_noted_once_it_is_shown(as_, rows, scene):
    as_("bob").get(f"/{scene.own.hash_}")
    as_("ada").get(f"/{scene.own.hash_}")

    looks = rows.query(Interaction).filter_by(kind="look").all()

    assert [(look.user_id, look.submission_id) for look in looks] == [(scene.bob.id, scene.own.id)]


def test_unknown_hashes_are_nothing(as_):
    assert as_("admin").get("/" + "c" * 40).status_code == 404


# ---- credit --------------------------------------------------------------------------------------


def test_credit_sums_to_100(as_, rows, scene):
    ada = as_("ada")
    url = f"/credit/{scene.own.hash_}"
    data = {
        "csrf_token": token(ada, url),
        f"share-{scene.own.hash_}": "60",
        "added": f"http://localhost/{scene.other.hash_}",
        "added_share": "40",
    }

    wrong = ada.post(url, data=data | {"added_share": "30"})
    right = ada.post(url, data=data)

    assert (wrong.status_code, right.status_code) == (422, 302)  # checklist 74
    given = {c.source_id: c.percent for c in credit_queries.given(rows, scene.own.id)}
    assert given == {scene.own.id: 60, scene.other.id: 40}
    received = credit_queries.received(rows, scene.other.id)
    assert [credit.submission_id for credit in received] == [scene.own.id]


def test_credit_is_suggested_from_what_was_read(as_, rows, scene):
    ada = as_("ada")
    ada.get(f"/{scene.other.hash_}")
    scene.own.submitted_at = ahead(minutes=1)
    rows.commit()

    page = soup(ada.get(f"/credit/{scene.own.hash_}"))

    # Half of the code is in both, and half is left to the submission itself at least.
    assert page.select_one(f"[name='share-{scene.other.hash_}']")["value"] == "25"
    assert page.select_one(f"[name='share-{scene.own.hash_}']")["value"] == "75"


def test_only_its_team_gives_the_credit_of_a_submission(as_, scene):
    assert as_("bob").get(f"/credit/{scene.own.hash_}").status_code == 403


def test_credit_never_goes_forwards_in_time(as_, rows, scene):
    scene.other.submitted_at = ahead(minutes=1)
    rows.commit()
    ada = as_("ada")
    url = f"/credit/{scene.own.hash_}"
    data = {"csrf_token": token(ada, url), f"share-{scene.other.hash_}": "100"}

    assert ada.post(url, data=data).status_code == 422


# ---- parts ---------------------------------------------------------------------------------------


def test_colouring_keeps_every_character():
    code = "def f(x):\n    '''a\n    <b>'''\n\treturn x & 1  # ü\n"

    lines = highlight(code, "f.py")

    assert [html.unescape(re.sub("<[^>]*>", "", line)) for line in lines] == code.split("\n")[:-1]


def test_times_and_sizes_tell_little():
    assert coarse_time(0.30) == coarse_time(0.35)  # L12
    assert coarse_memory(100.0) == coarse_memory(111.9)
