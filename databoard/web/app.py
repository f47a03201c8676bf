"""The application factory."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from databoard.settings import Settings
from databoard.web.accounts import views as accounts
from databoard.web.accounts.providers import init_providers
from databoard.web.api import views as api
from databoard.web.assets import STATIC, init_assets
from databoard.web.banners import init_banners
from databoard.web.compression import init_compression
from databoard.web.errors import init_errors
from databoard.web.extensions import init_extensions
from databoard.web.filters import init_filters
from databoard.web.language import init_language
from databoard.web.leaderboards import views as leaderboards
from databoard.web.limits import init_limits
from databoard.web.observing import init_observing
from databoard.web.organisers import views as organisers
from databoard.web.pages import views as pages
from databoard.web.participants import views as participants
from databoard.web.security import init_security

GROUPS = (pages, accounts, participants, leaderboards, organisers, api)


class _Key(IntegerConverter):
    """A number in an address; one that no row of a database can have leads nowhere."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


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
    app.url_map.converters["int"] = _Key
    init_security(app, settings)
    init_extensions(app, settings)
    init_observing(app, settings)
    init_errors(app)
    init_assets(app)
    init_filters(app)
    init_language(app)
    init_banners(app)
    init_providers(app, settings)
    init_limits(app)
    init_compression(app)
    for group in GROUPS:
        app.register_blueprint(group.bp)
    return app
