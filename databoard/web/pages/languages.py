"""The choice of a language."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from databoard.errors import NotFoundError
from databoard.languages import LANGUAGES
from databoard.web import guards, language
from databoard.web.language import gettext as _
from databoard.web.pages.blueprint import bp


@bp.get("/language/<code>")
def choose_language(code: str) -> Response:
    """Keep the visitor's choice and go back to the page."""
    if code not in LANGUAGES:
        raise NotFoundError(_("The pages are not there in this language."))
    target = guards.local_target(request.args.get("next"), url_for("pages.home"))
    return language.remember(redirect(target), code)  # type: ignore[arg-type]
