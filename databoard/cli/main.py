"""``python manage.py``: the actions, and Flask-Migrate's ``db``, as one click group."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import ScriptInfo
from flask_migrate.cli import db

from databoard import __version__
from databoard.cli.catalogue import ACTIONS
from databoard.cli.commands import as_command
from databoard.cli.database import create_db_app, show_migrations
from databoard.errors import DataboardError


class Commands(click.Group):
    """A group that takes ``add_problem`` for ``add-problem`` and tells refusals in one line."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command by either spelling."""
        return super().get_command(ctx, cmd_name.replace("_", "-"))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal becomes a line on standard error and exit code 1."""
        try:
            return super().invoke(ctx)
        except DataboardError as error:
            raise click.ClickException(error.message) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Organise and run databoard."""
    ctx.obj = ScriptInfo(create_app=create_db_app)


cli.add_command(db)
for action in ACTIONS:
    cli.add_command(as_command(action))


def main() -> None:
    """Run the command line."""
    show_migrations()
    cli(prog_name="manage.py")
