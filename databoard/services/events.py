"""Events: opened on a problem, changed, removed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.event import listens_for
from sqlalchemy.orm import Session

from databoard.domain import rules
from databoard.errors import DuplicateError, InvalidError, KitError, NotFoundError
from databoard.kits.events import FAR_AWAY, LONG_AGO, EventSpec, event_spec
from databoard.kits.loading import Kit, load_kit
from databoard.phrases import phrase
from databoard.services import ladders, problems
from databoard.store.models import Event, EventAdmin, EventScoreType, Fold, User
from databoard.store.queries import analysis as result_queries
from databoard.store.queries import events as queries
from databoard.store.queries import problems as problem_queries

TOUCHED = "databoard_touched_events"
#: What a submission may use, by number.
SIZES = (
    "fold_seconds",
    "fold_memory_mb",
    "fold_cores",
    "fold_disk_mb",
    "fold_output_kb",
    "max_upload_kb",
)
#: The same, and how its folds are run.
LIMITS = (*SIZES, "log_policy", "is_strict", "can_reuse_results")
AT_LEAST_ONE = (
    "max_members_per_team",
    *SIZES,
    "n_final",
    "max_n_ensemble",
)
NOT_NEGATIVE = ("late_s", "pause_s", "max_per_day", "max_submissions", "max_pending")
#: What public and private scores depend on.
RANKING = {"ranking", "has_ladder"}
DATES = ("opening_at", "public_opening_at", "closing_at")
CHOICES = {"log_policy": ("full", "limited"), "ranking": ("bagged", "mean")}
EDITABLE = (
    "title",
    "description_html",
    "rules_html",
    "opening_at",
    "public_opening_at",
    "closing_at",
    "late_s",
    "freeze_at",
    "archived_at",
    "is_public",
    "is_controlled_signup",
    "allowed_emails",
    "max_members_per_team",
    "can_merge_teams",
    "merging_ends_at",
    "is_anonymous",
    "pause_s",
    "max_per_day",
    "max_submissions",
    "max_pending",
    "is_paused",
    "pause_reason",
    *LIMITS,
    "ranking",
    "has_ladder",
    "n_final",
    "max_n_ensemble",
    "sends_submitted_mails",
    "sends_trained_mails",
)


def add_event(
    session: Session,
    name: str,
    *,
    problems_dir: Path,
    now: datetime,
    problem: str | None = None,
    force: bool = False,
) -> Event:
    """Open an event on a problem, with the folds and scores of its module or kit.

    Raises
    ------
    KitError, NotFoundError, DuplicateError
        Nothing is made then.
    """
    rules.check_identifier(name, "event")
    spec = event_spec(name, problem, problems_dir)
    row = problem_queries.by_name(session, spec.problem_name)
    if row is None:
        raise NotFoundError(
            phrase(
                "There is no problem %(problem)s yet: fab add_problem:%(problem)s.",
                problem=spec.problem_name,
            )
        )
    old = queries.by_name(session, name)
    if old is not None:
        if not force:
            raise DuplicateError(
                phrase(
                    "There is an event %(name)s already; force=True replaces it and all in it.",
                    name=name,
                )
            )
        remove_event(session, name)
    kit = load_kit(
        spec.problem_name,
        problems_dir,
        name,
        element_names=problems.element_names(row.workflow),
        score_bounds=problems.score_bounds(session),
    )
    event = _event_of(spec, kit, row.id, row.title, now)
    event.data_hash = row.data_hash
    session.add(event)
    session.flush()
    _add_score_types(session, event, kit)
    _add_folds(session, event, kit)
    return event


def _event_of(spec: EventSpec, kit: Kit, problem_id: int, title: str, now: datetime) -> Event:
    known = {LONG_AGO: None, FAR_AWAY: None}
    rules.check_dates(spec.opening_timestamp, spec.public_opening_timestamp, spec.closing_timestamp)
    return Event(
        name=spec.name,
        title=(spec.event_title or title or kit.title)[:200],
        problem_id=problem_id,
        description_html=problems.render(spec.description),
        created_at=now,
        opening_at=known.get(spec.opening_timestamp, spec.opening_timestamp),
        public_opening_at=spec.public_opening_timestamp,
        closing_at=known.get(spec.closing_timestamp, spec.closing_timestamp),
        is_public=spec.is_public,
        is_controlled_signup=spec.is_controled_signup,
        max_members_per_team=spec.max_members_per_team,
        max_n_ensemble=spec.max_n_ensemble,
        pause_s=spec.min_duration_between_submissions,
        sends_submitted_mails=spec.is_send_submitted_mails,
        sends_trained_mails=spec.is_send_trained_mails,
    )


def _add_score_types(session: Session, event: Event, kit: Kit) -> None:
    if not kit.score_types:
        raise KitError(
            f"The event {event.name} has no score types.",
            "List them in score_type_descriptors or score_types.",
        )
    for position, score in enumerate(kit.score_types):
        score_type = problems.ensure_score_type(session, score)
        event.score_types.append(
            EventScoreType(
                score_type_id=score_type.id,
                name=score.name,
                position=position,
                precision=int(score.precision),
                is_official=score.name == kit.official_score_name,
                is_lower_the_better=bool(score.is_lower_the_better),
                minimum=float(score.minimum),
                maximum=float(score.maximum),
            )
        )
    session.flush()


def _add_folds(session: Session, event: Event, kit: Kit) -> None:
    X, y = kit.train_data()
    folds = kit.folds(X, y)
    if not folds:
        raise KitError(f"The event {event.name} has no folds.", "Make get_cv yield some.")
    total = hashlib.sha256()
    for number, (train_is, valid_is) in enumerate(folds):
        event.folds.append(Fold(number=number, train_is=train_is, valid_is=valid_is))
        total.update(train_is.tobytes() + b"|" + valid_is.tobytes() + b";")
    event.folds_hash = total.hexdigest()
    session.flush()


def remove_event(session: Session, name: str) -> str:
    """Remove an event with its teams' submissions; return what went.

    Raises
    ------
    NotFoundError
        If there is none of this name.
    """
    event = queries.by_name(session, name)
    if event is None:
        raise NotFoundError(phrase("There is no event %(name)s.", name=name))
    what = what_goes_with_event(session, event)
    queries.forget(session, event.id)
    session.expire_all()
    return what


def what_goes_with_event(session: Session, event: Event) -> str:
    """Tell what removing an event would remove."""
    n_teams = problem_queries.n_teams_of(session, [event])
    n_submissions = problem_queries.n_submissions_of(session, [event])
    return f"event {event.name}, sign-ups of teams: {n_teams}, submissions: {n_submissions}"


def make_admin(session: Session, event: Event, user: User) -> None:
    """Make a user an organiser of an event; again changes nothing."""
    if session.get(EventAdmin, (event.id, user.id)) is None:
        session.add(EventAdmin(event_id=event.id, user_id=user.id))
        session.flush()
        session.expire(event, ["admins"])


def remove_admin(session: Session, event: Event, user: User) -> bool:
    """Make an organiser of an event a user again; tell whether the user was one."""
    row = session.get(EventAdmin, (event.id, user.id))
    if row is not None:
        session.delete(row)
        session.flush()
        session.expire(event, ["admins"])
    return row is not None


def update(session: Session, event: Event, **fields: Any) -> None:
    """Change the settings of an event.

    Raises
    ------
    InvalidError
        Naming the field that is wrong.
    """
    for name, value in fields.items():
        if name not in EDITABLE:
            raise InvalidError(phrase("%(name)s cannot be changed.", name=name), name)
        _check_setting(name, value)
    dates = {name: fields.get(name, getattr(event, name)) for name in DATES}
    rules.check_dates(*dates.values())
    if fields.get("freeze_at") and dates["closing_at"] is None:
        sentence = phrase("A frozen board moves again at the closing, which this event has not.")
        raise InvalidError(sentence, "freeze_at")
    is_ranked_anew = any(getattr(event, name) != fields.get(name) for name in RANKING & set(fields))
    if is_ranked_anew:
        result_queries.hold_scored(session, event.id)
    for name, value in fields.items():
        setattr(event, name, value)
    if is_ranked_anew:
        _rank_anew(session, event)
    touch(session, event.id)
    session.flush()


def _rank_anew(session: Session, event: Event) -> None:
    """Derive what ranks from the stored scores again; a ladder is climbed from its foot."""
    for row in result_queries.scores_of_event(session, event.id):
        ladders.rank_by(event, row)
    result_queries.renew(session, event.id)
    touch(session, event.id, analyse=True)


def choose_official(session: Session, event: Event, name: str) -> None:
    """Make another score the one that ranks.

    Raises
    ------
    InvalidError
        If the event has no such score.
    """
    if name not in {score.name for score in event.score_types}:
        raise InvalidError(phrase("The event has no score %(name)s.", name=name), "official_score")
    if name == event.official_score.name:
        return
    result_queries.hold_scored(session, event.id)
    for score in event.score_types:
        score.is_official = score.name == name
    _rank_anew(session, event)
    session.flush()


def _check_setting(name: str, value: Any) -> None:
    if name in AT_LEAST_ONE and value < 1:
        raise InvalidError(phrase("%(name)s must be at least 1.", name=name), name)
    if name in NOT_NEGATIVE and value is not None and value < 0:
        raise InvalidError(phrase("%(name)s must not be negative.", name=name), name)
    if name in CHOICES and value not in CHOICES[name]:
        raise InvalidError(
            phrase("%(name)s must be one of %(names)s.", name=name, names=", ".join(CHOICES[name])),
            name,
        )
    if name == "title" and not 1 <= len(value) <= 200:
        raise InvalidError(phrase("A title has 1 to 200 characters."), name)


def touch(
    session: Session,
    event_id: int,
    *,
    analyse: bool = False,
    is_result: bool = False,
    board: bool = True,
) -> None:
    """Say that something of an event changed; its version grows when this is committed.

    Counting is the last thing that a transaction does, in the order of the keys, so that two of
    them never wait for each other's events.

    Parameters
    ----------
    analyse : bool
        Whether what changed also moves ranks, intervals or contributivity.
    is_result : bool
        Whether that is one more result, and nothing else.
    board : bool
        Whether a board of scores could show it; False for what is in progress.
    """
    touched: dict[int, dict[str, bool]] = session.info.setdefault(TOUCHED, {})
    now = {"analyse": analyse, "renew": analyse and not is_result, "board": board}
    before = touched.setdefault(event_id, {})
    before.update({name: is_so or before.get(name, False) for name, is_so in now.items()})


@listens_for(Session, "before_commit")
def _count_up(session: Session) -> None:
    for event_id, what in sorted(session.info.pop(TOUCHED, {}).items()):
        queries.count_up(session, event_id, **what)


@listens_for(Session, "after_rollback")
def _forget_touched(session: Session) -> None:
    if not session.in_nested_transaction():  # the rest may still be committed
        session.info.pop(TOUCHED, None)
