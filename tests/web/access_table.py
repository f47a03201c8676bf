"""Who may open what: URL x role, as plain data, one row per route and method.

``test_access.py`` walks this table and the application's ``url_map``: a route without a row fails,
and so does a row without a route. The columns are what a request is answered with for

- ``anonymous``: nobody is logged in;
- ``asked``: an account that waits for its confirmation;
- ``user``: an approved account that takes no part;
- ``teammate``: a member of the team ``mates``, which takes part in all three events and wrote the
  submission ``SUBMISSION``;
- ``event_admin``: organises the three events, is no site admin;
- ``admin``: a site administrator.

A rule's variables are filled from ``VALUES``; a row may say others in ``values``: the event
``hidden`` is not public (who may not know of it sees 404), ``closed`` has ended. ``data`` is the
form that is sent; ``json`` a body instead of it. Every cell of a POST starts from the same
database, which ``tests/web/world.py`` builds. Under ``/api/`` a role sends its token, else its
cookie.

302 is "log in first" for ``anonymous`` and "done, look here" for a form that was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("anonymous", "asked", "user", "teammate", "event_admin", "admin")

SUBMISSION = "a" * 40
HIDDEN_SUBMISSION = "b" * 40
CLOSED_SUBMISSION = "c" * 40
FAILED_SUBMISSION = "d" * 40

#: What fills the variables of a rule, by their name.
VALUES: dict[str, Any] = {
    "event": "open",
    "problem": "flowers",
    "user": "waiting",
    "hash_": SUBMISSION,
    "filename": "classifier.py",
    "token": "no-token",
    "provider": "nobody",
    "session_id": "no-session",
    "trainer": "trainer-1",
    "team": "mates",
    "key": 1,
    "number": 0,
}
HIDDEN = {"event": "hidden"}
HIDDEN_HASH = {"hash_": HIDDEN_SUBMISSION}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    rule: str
    statuses: tuple[int, int, int, int, int, int]
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    query: str = ""

    @property
    def name(self) -> str:
        """Readable name of the test."""
        extra = "".join(f",{name}={value}" for name, value in self.values.items())
        return f"{self.method} {self.rule}{self.query}{extra}"


def everybody(status: int) -> tuple[int, int, int, int, int, int]:
    """The same answer for each role."""
    return (status,) * 6


#: For whoever is logged in; for who is approved; for organisers; for site administrators.
LOGGED_IN = (302, 200, 200, 200, 200, 200)
APPROVED = (302, 403, 200, 200, 200, 200)
ORGANISERS = (302, 403, 403, 403, 200, 200)
ADMINS = (302, 403, 403, 403, 403, 200)


def then(statuses: tuple[int, ...], status: int) -> Any:
    """The same row for a form that who may send it gets ``status`` for."""
    return tuple(status if known == 200 else known for known in statuses)


EVENT_FORM = {
    "title": "Open",
    "max_members_per_team": 1,
    "pause_s": 0,
    "fold_seconds": 600,
    "fold_memory_mb": 2048,
    "late_s": 0,
    "fold_cores": 1,
    "fold_disk_mb": 64,
    "fold_output_kb": 64,
    "max_upload_kb": 2048,
    "max_n_ensemble": 80,
    "log_policy": "limited",
    "is_public": "y",
}
NEW_USER = {"name": "newcomer", "email": "newcomer@example.org", "password": "correct horse"}
FILES = {"name": "forest", "files": {"classifier.py": "class Classifier:\n    pass\n"}}

# The columns are: anonymous, asked, user, teammate, event_admin, admin.
PAGES = [
    Row("GET", "/", everybody(200)),
    Row("GET", "/events", everybody(200)),
    Row("GET", "/events", everybody(200), query="?q=flower&state=open&keyword=botany"),
    Row("GET", "/problems", everybody(200)),
    Row("GET", "/problems/<problem>", everybody(200)),
    Row("GET", "/problems/<problem>", (404, 404, 404, 200, 200, 200), {"problem": "secret"}),
    Row("GET", "/help", everybody(200)),
    Row("GET", "/docs/", everybody(200)),
    Row("GET", "/docs/<path:page>", everybody(302), {"page": "how-to/deploy"}),
    Row("GET", "/version", everybody(200)),
    Row("GET", "/language/<code>", everybody(302), {"code": "fr"}),
    Row("GET", "/language/<code>", everybody(404), {"code": "xx"}),
    Row("GET", "/healthz", everybody(200)),
    # The tables of tests were made without migrations.
    Row("GET", "/readyz", everybody(503)),
    Row("GET", "/robots.txt", everybody(200)),
    Row("GET", "/static/<path:filename>", everybody(404), {"filename": "../settings.py"}),
    Row("GET", "/static/dist/<filename>", everybody(404), {"filename": "nothing.css"}),
]

ACCOUNTS = [
    Row("GET", "/sign_up", (200, 302, 302, 302, 302, 302)),
    Row("POST", "/sign_up", everybody(302), data=NEW_USER),
    Row("GET", "/sign_up/done", everybody(200)),
    Row("GET", "/confirm", everybody(200)),
    Row("POST", "/confirm", everybody(302), data={"email": "waiting@example.org"}),
    Row("GET", "/confirm/<token>", everybody(302)),
    Row("POST", "/confirm/<token>", everybody(302)),
    Row("GET", "/login", (200, 302, 302, 302, 302, 302)),
    Row(
        "POST",
        "/login",
        (422, 302, 302, 302, 302, 302),
        data={"login": "root", "password": "guess"},
    ),
    Row("GET", "/logout", (302, 200, 200, 200, 200, 200)),
    Row("POST", "/logout", everybody(302)),
    Row("GET", "/password/forgotten", everybody(200)),
    Row("POST", "/password/forgotten", everybody(302), data={"email": "root@example.org"}),
    Row("GET", "/password/sent", everybody(200)),
    Row("GET", "/password/reset/<token>", everybody(302)),
    Row("POST", "/password/reset/<token>", everybody(302), data={"password": "stolen it"}),
    Row("GET", "/user", LOGGED_IN),
    Row("POST", "/user", everybody(302), data={"firstname": "Ada"}),
    Row("GET", "/user/data.json", LOGGED_IN),
    Row("GET", "/user/notifications", LOGGED_IN),
    Row("POST", "/user/notifications", everybody(302), data={"site": "scored"}),
    Row("GET", "/news/stop/<token>", everybody(404)),
    Row("POST", "/news/stop/<token>", everybody(404)),
    Row("GET", "/user/email", LOGGED_IN),
    Row("POST", "/user/email", everybody(302), data={"email": "new@example.org"}),
    Row("GET", "/user/email/<token>", everybody(302)),
    Row("POST", "/user/email/<token>", everybody(302)),
    # No provider is set, and nobody comes from one.
    Row("GET", "/login/with/<provider>", everybody(404)),
    Row("GET", "/login/with/<provider>/answer", everybody(404)),
    Row("GET", "/login/new", everybody(404)),
    Row("POST", "/login/new", everybody(404), data={"name": "newcomer"}),
    Row("GET", "/login/link", everybody(404)),
    Row("POST", "/login/link", everybody(404), data={"password": "correct horse"}),
    Row("POST", "/user/unlink", (302, 403, 403, 403, 403, 403)),
    Row("GET", "/user/delete", LOGGED_IN),
    Row("POST", "/user/delete", then(LOGGED_IN, 422), data={"password": "not mine"}),
    Row("GET", "/user/password", LOGGED_IN),
    Row("POST", "/user/password", then(LOGGED_IN, 422), data={"old": "x", "password": "new one"}),
    Row("GET", "/user/sessions", LOGGED_IN),
    Row("POST", "/user/sessions/<session_id>/end", then(LOGGED_IN, 404)),
    Row("POST", "/user/sessions/end_others", everybody(302)),
    Row("GET", "/user/tokens", APPROVED),
    Row(
        "POST",
        "/user/tokens",
        then(APPROVED, 302),
        data={"name": "laptop", "scope": "read", "days": "30"},
    ),
    Row("POST", "/user/tokens/<int:key>/revoke", (302, 404, 404, 302, 404, 404), {"key": 3}),
]

# The team mate is in the team "mates", whose founder is somebody else.
MEMBERS = (302, 403, 404, 200, 404, 404)
FOUNDERS = (302, 403, 404, 403, 404, 404)

NEWS = [
    Row("GET", "/news", LOGGED_IN),
    Row("GET", "/news", then(LOGGED_IN, 400), query="?page=0"),
    Row("GET", "/news/<int:key>", then(LOGGED_IN, 404)),
    Row("POST", "/news/read", everybody(302)),
]

TEAMS = [
    Row("GET", "/teams", APPROVED),
    Row("POST", "/teams", then(APPROVED, 302), data={"name": "newcomers"}),
    Row("POST", "/teams", then(APPROVED, 422), data={"name": "mates"}),
    Row("GET", "/teams/<team>/merge", (302, 403, 404, 403, 404, 404)),
    Row("POST", "/teams/<team>/merge", (302, 403, 404, 403, 404, 404)),
    Row("POST", "/merges/<int:key>/accept", (302, 403, 404, 404, 404, 404)),
    Row("POST", "/merges/<int:key>/decline", (302, 403, 404, 404, 404, 404)),
    Row("GET", "/teams/<team>", MEMBERS),
    Row("POST", "/teams/<team>/invite", FOUNDERS, data={"name": "visitor"}),
    Row("POST", "/teams/<team>/link", FOUNDERS),
    Row("POST", "/teams/<team>/invitations/<int:key>/take_back", FOUNDERS),
    Row("POST", "/teams/<team>/members/<user>/remove", FOUNDERS, {"user": "founder"}),
    Row("POST", "/teams/<team>/leave", then(MEMBERS, 302)),
    Row("GET", "/invitations/<token>", then(APPROVED, 404)),
    Row("GET", "/invitations/<int:key>", then(APPROVED, 302)),
    Row("POST", "/invitations/<token>", then(APPROVED, 404)),
    Row("POST", "/invitations/<int:key>/accept", then(APPROVED, 404)),
    Row("POST", "/invitations/<int:key>/decline", then(APPROVED, 404)),
]

ORGANISING = [
    Row("GET", "/admin", ORGANISERS),
    Row("GET", "/admin/users", ADMINS),
    Row("POST", "/admin/users/<user>/approve", then(ADMINS, 302)),
    Row("GET", "/admin/users/<user>/refuse", ADMINS),
    Row("POST", "/admin/users/<user>/refuse", then(ADMINS, 302), data={"reason": "Who are you?"}),
    Row("POST", "/admin/users/<user>/access", then(ADMINS, 302), data={"level": "banned"}),
    Row("GET", "/admin/events", ORGANISERS),
    Row("GET", "/admin/events/<event>", ORGANISERS),
    Row("GET", "/admin/events/<event>", (302, 404, 404, 403, 200, 200), HIDDEN),
    Row("GET", "/admin/events/<event>/edit", ORGANISERS),
    Row("POST", "/admin/events/<event>/edit", then(ORGANISERS, 302), data=EVENT_FORM),
    Row("POST", "/admin/events/<event>/edit", then(ORGANISERS, 422), data={"title": ""}),
    Row("GET", "/admin/events/<event>/judging", ORGANISERS),
    Row(
        "POST",
        "/admin/events/<event>/judging",
        then(ORGANISERS, 302),
        data={"official_score": "accuracy", "ranking": "mean", "n_final": 2},
    ),
    Row("POST", "/admin/events/<event>/judging", then(ORGANISERS, 422), data={"n_final": 0}),
    Row(
        "POST",
        "/admin/events/<event>/teams/<int:key>/mark",
        then(ORGANISERS, 302),
        data={"section": "evening"},
    ),
    Row(
        "POST",
        "/admin/submissions/<hash_>/mark",
        (302, 404, 403, 403, 302, 302),
        data={"is_baseline": "y"},
    ),
    Row("POST", "/admin/events/<event>/teams/<int:key>/approve", then(ORGANISERS, 302)),
    Row("POST", "/admin/events/<event>/teams/<int:key>/remove", then(ORGANISERS, 302)),
    Row("GET", "/admin/submissions", ORGANISERS),
    Row("GET", "/admin/submissions", ORGANISERS, query="?event=hidden&state=scored&q=mates"),
    Row("GET", "/admin/submissions", then(ORGANISERS, 404), query="?event=nowhere"),
    Row("POST", "/admin/submissions/<hash_>/retry", (302, 404, 403, 403, 302, 302)),
    Row("POST", "/admin/submissions/<hash_>/retry", (302, 404, 404, 403, 302, 302), HIDDEN_HASH),
    Row("POST", "/admin/submissions/<hash_>/cancel", (302, 404, 403, 403, 422, 422)),
    Row("GET", "/admin/submissions/<hash_>/withdraw", (302, 404, 403, 403, 200, 200)),
    Row(
        "POST",
        "/admin/submissions/<hash_>/withdraw",
        (302, 404, 403, 403, 302, 302),
        data={"reason": "A copy."},
    ),
    Row("POST", "/admin/submissions/<hash_>/withdraw", (302, 404, 403, 403, 422, 422)),
    Row("POST", "/admin/submissions/<hash_>/put-back", (302, 404, 403, 403, 422, 422)),
    Row("GET", "/admin/submissions/<hash_>/delete", (302, 404, 403, 403, 200, 200)),
    Row("POST", "/admin/submissions/<hash_>/delete", (302, 404, 403, 403, 302, 302)),
    Row("GET", "/admin/trainers", ADMINS),
    Row("POST", "/admin/trainers/<trainer>/state", then(ADMINS, 302), data={"state": "paused"}),
    Row("GET", "/user_interactions", ORGANISERS),
    Row("GET", "/admin/events/<event>/merge", (302, 403, 403, 403, 200, 200)),
    Row("POST", "/admin/events/<event>/merge", (302, 403, 403, 403, 422, 422)),
    Row("GET", "/admin/audit", ORGANISERS),
    Row("GET", "/admin/audit.csv", ORGANISERS),
    Row("GET", "/admin/events/new", ADMINS),
    Row("POST", "/admin/events/new", then(ADMINS, 422)),
    Row("GET", "/admin/events/<event>/archive", ORGANISERS),
    Row("POST", "/admin/events/<event>/archive", then(ORGANISERS, 302)),
    Row("GET", "/metrics", ADMINS),
    Row("GET", "/admin/events/<event>/alike", ORGANISERS),
    Row("GET", "/admin/events/<event>/analytics", ORGANISERS),
    Row("GET", "/admin/events/<event>/clone", ORGANISERS),
    Row(
        "POST",
        "/admin/events/<event>/clone",
        then(ORGANISERS, 302),
        data={"name": "open_2027", "title": "Open again"},
    ),
    Row("GET", "/admin/events/<event>/teams/<int:key>/extension", ORGANISERS),
    Row(
        "POST",
        "/admin/events/<event>/teams/<int:key>/extension",
        then(ORGANISERS, 302),
        data={"per_day": 2},
    ),
    Row("GET", "/admin/events/<event>/roster", ORGANISERS),
    Row("POST", "/admin/events/<event>/roster", then(ORGANISERS, 422)),
    Row("GET", "/admin/announcements", ORGANISERS),
    Row(
        "POST",
        "/admin/announcements",
        then(ORGANISERS, 302),
        data={"event": "open", "text": "Lunch.", "level": "info"},
    ),
    Row(
        "POST",
        "/admin/announcements/<int:key>/withdraw",
        (302, 403, 403, 403, 404, 404),
        {"key": 99},
    ),
    Row("GET", "/admin/tasks", ADMINS),
    Row("GET", "/admin/mail", ADMINS),
    Row("GET", "/admin/mail/<int:key>", ADMINS, {"key": 1}),
    Row("POST", "/admin/mail/<int:key>/send", then(ADMINS, 302), {"key": 1}),
]

API = [
    Row("GET", "/api/v1/user", (401, 403, 200, 200, 200, 200)),
    Row("GET", "/api/v1/problems", everybody(200)),
    Row("GET", "/api/v1/events", everybody(200)),
    Row("GET", "/api/v1/events/<event>", everybody(200)),
    Row("GET", "/api/v1/events/<event>", (404, 404, 404, 200, 200, 200), HIDDEN),
    *(
        row
        for rule in ("leaderboard", "leaderboard.json", "leaderboard.csv")
        for row in (
            Row("GET", f"/api/v1/events/<event>/{rule}", (401, 403, 200, 200, 200, 200)),
            Row("GET", f"/api/v1/events/<event>/{rule}", (401, 403, 404, 200, 200, 200), HIDDEN),
            Row(
                "GET",
                f"/api/v1/events/<event>/{rule}",
                (401, 403, 403, 403, 200, 200),
                query="?board=private",
            ),
            Row(
                "GET",
                f"/api/v1/events/<event>/{rule}",
                (401, 403, 200, 200, 200, 200),
                {"event": "closed"},
                query="?board=private",
            ),
            Row(
                "GET",
                f"/api/v1/events/<event>/{rule}",
                (401, 403, 403, 403, 200, 200),
                query="?board=failed",
            ),
        )
    ),
    Row("GET", "/api/v1/submissions/<hash_>", (401, 403, 200, 200, 200, 200)),
    Row("GET", "/api/v1/submissions/<hash_>", (401, 403, 404, 200, 200, 200), HIDDEN_HASH),
    Row(
        "GET",
        "/api/v1/submissions/<hash_>",
        (401, 403, 404, 200, 200, 200),
        {"hash_": FAILED_SUBMISSION},
    ),
    Row("GET", "/api/v1/events/<event>/submissions", (401, 403, 200, 200, 200, 200)),
    Row("GET", "/api/v1/events/<event>/submissions", (401, 403, 404, 200, 200, 200), HIDDEN),
    Row("POST", "/api/v1/events/<event>/submissions", (401, 403, 403, 201, 403, 403), json=FILES),
]

# The team mate's team takes part in all three events, the others in none; no code is public.
PARTICIPANTS = (302, 403, 403, 200, 403, 403)
OWNERS = (302, 403, 404, 200, 200, 200)
FAILED = {"hash_": FAILED_SUBMISSION}
HASH = "<string(length=40):hash_>"
TAB = "<any(data, rules, environment, kit, activity):tab>"
BOARD = "<any(public, private, competition, private_competition, failed, new):board>"
OTHER_BOARD = "<any(competition, private_competition, failed, new):board>"

EVENTS = [
    Row("GET", "/events/<event>", everybody(200)),
    Row("GET", "/events/<event>", (404, 404, 404, 200, 200, 200), HIDDEN),
    Row("GET", f"/events/<event>/{TAB}", everybody(200), {"tab": "rules"}),
    Row("GET", f"/events/<event>/{TAB}", everybody(200), {"tab": "kit"}),
    Row("GET", f"/events/<event>/{TAB}", everybody(200), {"tab": "activity"}),
    Row("GET", "/events/<event>/activity/rows", everybody(200)),
    Row("GET", "/events/<event>/activity/rows", (404, 404, 404, 200, 200, 200), HIDDEN),
    Row("GET", "/events/<event>/sign_up", (302, 403, 200, 302, 200, 200)),
    Row("GET", "/events/<event>/sign_up", (302, 403, 404, 302, 200, 200), HIDDEN),
    Row("POST", "/events/<event>/sign_up", (302, 403, 302, 302, 302, 302)),
    Row("POST", "/events/<event>/sign_up", (302, 403, 403, 302, 403, 403), {"event": "closed"}),
    Row("GET", "/events/<event>/starting_kit", APPROVED),
    Row("GET", "/events/<event>/starting_kit", (302, 403, 404, 404, 404, 404), HIDDEN),
    Row("GET", "/events/<event>/sandbox", PARTICIPANTS),
    Row("GET", "/events/<event>/sandbox", (302, 403, 404, 200, 403, 403), HIDDEN),
    Row("GET", "/events/<event>/sandbox/<filename>", PARTICIPANTS),
    Row("POST", "/events/<event>/sandbox", then(PARTICIPANTS, 302), data={"name": "tree"}),
    Row("POST", "/events/<event>/sandbox", then(PARTICIPANTS, 422), data={"name": "a b"}),
    Row("POST", "/events/<event>/sandbox/draft", PARTICIPANTS, data={"text-classifier.py": "x"}),
    Row("POST", "/events/<event>/sandbox/save", then(PARTICIPANTS, 302)),
    Row("POST", "/events/<event>/sandbox/check", then(PARTICIPANTS, 302)),
    Row("GET", "/events/<event>/sandbox/check", PARTICIPANTS),
    Row("GET", "/events/<event>/sandbox/differences", PARTICIPANTS),
    Row(
        "POST",
        "/events/<event>/sandbox/import",
        then(PARTICIPANTS, 302),
        data={"hash": SUBMISSION},
    ),
    Row(
        "POST",
        "/events/<event>/sandbox/import",
        then(PARTICIPANTS, 404),
        data={"hash": HIDDEN_SUBMISSION},
    ),
    Row("GET", "/events/<event>/my_submissions", PARTICIPANTS),
    Row("GET", "/events/<event>/my_submissions/rows", PARTICIPANTS),
    Row("GET", "/events/<event>/my_submissions/history", PARTICIPANTS),
    Row(
        "POST",
        "/events/<event>/my_submissions/final",
        then(PARTICIPANTS, 302),
        data={"final": SUBMISSION},
    ),
    Row("GET", "/my_submissions", APPROVED),
]

BOARDS = [
    Row("GET", "/events/<event>/leaderboard", APPROVED),
    Row("GET", "/events/<event>/leaderboard", OWNERS, HIDDEN),
    Row("GET", "/events/<event>/private_leaderboard", ORGANISERS),
    Row("GET", "/events/<event>/private_leaderboard", APPROVED, {"event": "closed"}),
    Row("GET", f"/events/<event>/leaderboard/{OTHER_BOARD}", APPROVED, {"board": "competition"}),
    Row("GET", f"/events/<event>/leaderboard/{OTHER_BOARD}", ORGANISERS, {"board": "failed"}),
    *(
        Row(
            "GET",
            f"/events/<event>/leaderboard/{OTHER_BOARD}",
            statuses,
            {"event": event, "board": "private_competition"},
        )
        for event, statuses in (("open", ORGANISERS), ("closed", APPROVED))
    ),
    *(
        Row("GET", f"/events/<event>/leaderboard/{BOARD}{suffix}", statuses, {"board": board})
        for suffix in ("/rows", ".csv", ".json")
        for board, statuses in (
            ("public", APPROVED),
            ("private", ORGANISERS),
            ("new", ORGANISERS),
        )
    ),
]

PLOT = "<any(progress, times, credits):plot>"

PLOTS = [
    Row("GET", "/events/<event>/blends", (302, 403, 403, 200, 200, 200)),
    Row("POST", "/events/<event>/blends", (302, 403, 403, 422, 422, 422)),
    Row("GET", "/events/<event>/blends/asked", (302, 403, 403, 200, 200, 200)),
    Row("GET", "/events/<event>/plots", APPROVED),
    Row("GET", "/events/<event>/plots", OWNERS, HIDDEN),
    *(
        Row("GET", f"/events/<event>/plots/{PLOT}.json", statuses, {"plot": plot, **values})
        for plot in ("progress", "times", "credits")
        for statuses, values in ((APPROVED, {}), (OWNERS, HIDDEN))
    ),
]

SUBMISSIONS = [
    *(
        row
        for rule in (f"/{HASH}", f"/{HASH}/state")
        for row in (
            Row("GET", rule, APPROVED),
            Row("GET", rule, OWNERS, HIDDEN_HASH),
            Row("GET", rule, OWNERS, FAILED),
        )
    ),
    Row("GET", f"/{HASH}/output", OWNERS),
    Row("GET", f"/{HASH}/output", OWNERS, HIDDEN_HASH),
    Row("GET", f"/{HASH}/<filename>", OWNERS),
    Row("GET", f"/{HASH}/submission.zip", OWNERS),
    Row("GET", f"/{HASH}/error.txt", OWNERS, FAILED),
    Row("GET", f"/{HASH}/error.txt", then(OWNERS, 404)),
    Row("GET", f"/{HASH}/log_<int:number>.txt", (302, 403, 404, 404, 200, 200)),
    Row("POST", f"/{HASH}/cancel", (302, 403, 403, 422, 422, 422)),
    Row("POST", f"/{HASH}/retry", (302, 403, 403, 403, 302, 302)),
    Row("POST", f"/{HASH}/retry", (302, 403, 404, 403, 302, 302), FAILED),
    Row("POST", f"/{HASH}/comments", (302, 403, 403, 302, 302, 302), data={"text": "Nice"}),
    Row("POST", f"/{HASH}/comments", (302, 403, 404, 302, 302, 302), HIDDEN_HASH),
    Row("POST", f"/{HASH}/comments/<int:key>/remove", (302, 403, 403, 404, 404, 404)),
    Row("GET", "/compare", then(APPROVED, 302), query=f"?b={SUBMISSION}"),
    Row("GET", "/compare", OWNERS, query=f"?a={SUBMISSION}&b={FAILED_SUBMISSION}"),
    Row("GET", f"/credit/{HASH}", (302, 403, 403, 200, 200, 200)),
    Row(
        "POST",
        f"/credit/{HASH}",
        (302, 403, 403, 302, 302, 302),
        data={f"share-{SUBMISSION}": 100},
    ),
]

TABLE: list[Row] = [
    *PAGES,
    *ACCOUNTS,
    *NEWS,
    *TEAMS,
    *ORGANISING,
    *API,
    *EVENTS,
    *BOARDS,
    *PLOTS,
    *SUBMISSIONS,
]
