"""How Alembic meets the database: Flask-Migrate runs this inside an application."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

import databoard.store.models  # noqa: F401 - fills the metadata
from databoard.store.base import Base, IntArray, UTCDateTime
from databoard.store.engine import make_engine

# SQLite does not tell of indexes like lower(name). So a migration that copies `users` or `teams`
# there has to make theirs again (see 0002); tests/migrations looks for them.
for words in (
    "Skipped unsupported reflection of exp",
    "autogenerate skipping metadata-specified exp",
):
    warnings.filterwarnings("ignore", words)

# A migration stays true when our types change: it says what the column is in the database.
IN_THE_DATABASE = {UTCDateTime: "sa.DateTime(timezone=True)", IntArray: "sa.LargeBinary()"}


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our own column types as what they are made of."""
    return IN_THE_DATABASE.get(type(item), False) if kind == "type" else False


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no file where models and database agree."""
    is_check = not getattr(context.config.cmd_opts, "autogenerate", False)
    if not is_check and directives[0].upgrade_ops.is_empty():
        directives[:] = []
        logging.getLogger("alembic.env").info("No changes in schema detected.")


OPTIONS: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "render_as_batch": True,  # SQLite changes a table by copying it
    "render_item": render_item,
    "compare_type": True,
    "compare_server_default": True,
    "transaction_per_migration": True,
}


def run_offline(url: str) -> None:
    """Print the statements instead of running them (``--sql``)."""
    context.configure(url=url, literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run_online(url: str) -> None:
    """Run the migrations, each in a transaction of its own."""
    engine = make_engine(url)
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.driver_connection
        if is_sqlite and raw is not None:
            # The copy of a table ends in dropping the old one, which would cascade to its children.
            raw.execute("PRAGMA foreign_keys=OFF")
        context.configure(connection=connection, process_revision_directives=skip_empty, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite and raw is not None and raw.execute("PRAGMA foreign_key_check").fetchone():
            raise RuntimeError("After the migration some rows point to rows that do not exist.")
    engine.dispose()


if context.is_offline_mode():
    run_offline(current_app.config["SQLALCHEMY_DATABASE_URI"])
else:
    run_online(current_app.config["SQLALCHEMY_DATABASE_URI"])
