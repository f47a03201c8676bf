"""The extensions of Flask that databoard uses, bound to an application by the factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, g, request
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from databoard.settings import Settings
from databoard.store.base import Base
from databoard.store.engine import engine_options, prepare_engine, reading_only

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable)

# Models inherit Base, never db.Model: leaving Flask-SQLAlchemy means to change this module.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()


def writes(view: View) -> View:
    """Mark a view that writes although it answers GET (a note in the activity log)."""
    view.writes = True  # type: ignore[attr-defined]
    return view


def be_nobody() -> None:
    """Answer this request as if nobody were logged in, without asking the database."""
    g.is_in_trouble = True
    g._login_user = login_manager.anonymous_user()  # noqa: SLF001 - Flask-Login looks there first


def database_url(settings: Settings) -> str:
    """Address of the database, a relative file of SQLite seen from the root of the installation."""
    prefix = "sqlite:///"
    path = settings.database_url.removeprefix(prefix)
    if path == settings.database_url or path.startswith(("/", ":memory:", "file:")):
        return settings.database_url
    return f"{prefix}{settings.root / path}"


def _begin_reading() -> None:
    """Let pages that only read take no write lock (SQLite)."""
    view = current_app.view_functions.get(request.endpoint or "")
    only_reads = request.method in SAFE_METHODS and not getattr(view, "writes", False)
    reading_only.set(only_reads)


def _end_reading(_error: BaseException | None) -> None:
    # Worker threads outlive their requests, and so would what was set above.
    reading_only.set(False)


def init_extensions(app: Flask, settings: Settings) -> None:
    """Bind the extensions to an application."""
    url = database_url(settings)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(settings.root / "migrations"), render_as_batch=True)
    login_manager.init_app(app)
    csrf.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    app.before_request(_begin_reading)
    app.teardown_request(_end_reading)
