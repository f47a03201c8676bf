"""The fixtures and builders keep what they promise."""

from __future__ import annotations

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from databoard.store.engine import make_engine, make_sessions
from databoard.store.models import User
from tests.builders import make_event_team, make_job, make_scored_submission, make_user


def test_a_commit_is_undone_part_one(session):
    make_user(session, "ada")
    session.commit()


def test_a_commit_is_undone_part_two(session):
    make_user(session, "ada")

    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_a_rollback_after_a_commit_undoes_only_the_rest(session):
    make_user(session, "ada")
    session.commit()
    make_user(session, "bob")
    session.rollback()

    assert session.scalars(select(User.name)).all() == ["ada"]


def test_builders_build_a_scored_submission_from_nothing(session):
    submission = make_scored_submission(session, score=0.5)

    assert [run.scores[0].valid for run in submission.fold_runs] == [0.5, 0.5]
    assert len(submission.bagged) == 2
    assert make_job(session, submission).state == "due"


def test_builders_share_what_has_a_name_of_its_own(session):
    first, second = make_event_team(session), make_event_team(session)

    assert first.event.score_types[0].score_type is second.event.score_types[0].score_type


def test_an_installation_has_a_database_of_its_own(settings, engine):
    with make_sessions(engine)() as session:
        make_user(session, "ada")
        session.commit()

    assert str(engine.url.render_as_string(hide_password=False)) == settings.database_url
    with Session(engine) as session:
        assert session.scalars(select(User.name)).all() == ["ada"]


def test_a_postgres_database_can_be_had(postgres_url):
    engine = make_engine(postgres_url)

    assert engine.dialect.driver == "psycopg2"  # what a plain postgresql:// means here
    assert inspect(engine).get_table_names() == []
    engine.dispose()
