"""The application factory."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from flask import Flask

from databoard.settings import Settings
from databoard.web.assets import STATIC, init_assets
from databoard.web.compression import init_compression
from databoard.web.errors import init_errors
from databoard.web.extensions import init_extensions
from databoard.web.filters import init_filters
from databoard.web.security import init_security

GROUPS = ("pages", "accounts", "participants", "leaderboards", "organisers", "api")


def create_app(settings: Settings | None = None) -> Flask:
    """Make the web application of one installation.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment if not given.

    Raises
    ------
    SettingsError
        Naming the setting that is missing or wrong.
    """
    settings = settings or Settings.from_env()
    app = Flask("databoard.web", static_folder=str(STATIC), static_url_path="/static")
    app.extensions["databoard"] = settings
    init_security(app, settings)
    init_extensions(app, settings)
    init_errors(app)
    init_assets(app)
    init_filters(app)
    init_compression(app)
    for group in GROUPS:
        if (Path(__file__).parent / group / "views.py").is_file():
            app.register_blueprint(import_module(f"databoard.web.{group}.views").bp)
    return app
