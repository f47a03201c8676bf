"""The ``db`` commands: Flask-Migrate on the smallest application that carries them."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate, upgrade

from databoard.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def add_migrations(app: Flask, directory: Path = MIGRATIONS) -> Flask:
    """Give an application the ``db`` commands."""
    Migrate(directory=str(directory)).init_app(app)
    return app


def create_db_app(settings: Settings | None = None, directory: Path = MIGRATIONS) -> Flask:
    """Make an application that knows the database's address and the ``db`` commands only.

    The web application has them too; this one starts at once and needs no page to be in order.
    """
    settings = settings or Settings.from_env()
    app = Flask("databoard", root_path=str(settings.root))
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    return add_migrations(app, directory)


def migrate_to_head(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    with create_db_app(settings).app_context():
        upgrade()


def show_migrations() -> None:
    """Let Alembic say on standard error what it does."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("alembic", "flask_migrate"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
