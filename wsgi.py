"""The web application with the ``db`` commands: what ``flask`` finds here by itself."""

from databoard.cli.database import add_migrations
from databoard.web.app import create_app

app = add_migrations(create_app())
