"""The language of a page, chosen by the visitor or the browser.

What organisers and teams write, and what programs say (logs, commands, the API), is not
translated.
"""

from __future__ import annotations

from typing import Any

from babel.support import LazyProxy
from flask import Flask, Response, g, has_request_context, request
from werkzeug.wrappers import Request

from databoard.languages import FIRST, LANGUAGES, catalogue, said_in

COOKIE = "language"
A_YEAR_S = 365 * 24 * 3600


def chosen() -> str:
    """Code of the language of this request: the visitor's choice, else the browser's best."""
    # A board asks hundreds of times.
    code: str | None = g.get("language") if g else None
    if code is None:
        if not has_request_context():
            return FIRST
        code = g.language = asked_in(request)
    return code


def asked_in(asking: Request) -> str:
    """Code of the language that a request asks for; the API speaks that of the code only."""
    if asking.path.startswith("/api/"):
        return FIRST
    asked = asking.cookies.get(COOKIE, "")
    best = asking.accept_languages.best_match(list(LANGUAGES), FIRST)
    return asked if asked in LANGUAGES else best


def gettext(message: str, **values: Any) -> str:
    """Translate a message, then fill in its ``%(name)s``.

    >>> gettext("%(team)s has joined.", team="red")
    'red has joined.'
    """
    text = catalogue(chosen()).gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Translate a message with a number, ``%(num)s``.

    >>> ngettext("%(num)s team", "%(num)s teams", 2)
    '2 teams'
    """
    return catalogue(chosen()).ngettext(one, many, num) % {"num": num, **values}


def lazy_gettext(message: str, **values: Any) -> Any:
    """Translate a message when it is shown: for labels that are made when a module is imported."""
    return LazyProxy(gettext, message, enable_cache=False, **values)


def said(sentence: str) -> str:
    """Say a phrase, such as a refusal of a service, in the visitor's language."""
    return said_in(chosen(), sentence)


def remember(response: Response, code: str) -> Response:
    """Keep the visitor's choice in a cookie."""
    response.set_cookie(
        COOKIE,
        code,
        max_age=A_YEAR_S,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = chosen()
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def init_language(app: Flask) -> None:
    """Let templates say ``{{ _("…") }}``, ``{{ ngettext(…) }}`` and ``{% trans %}``."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: catalogue(chosen()).gettext(message),
        lambda one, many, number: catalogue(chosen()).ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals.update(languages=LANGUAGES, page_language=chosen)
    app.jinja_env.filters["said"] = said
    app.config["WTF_I18N_ENABLED"] = False  # by Flask-Babel, that is; see forms.Form
    app.after_request(_vary)
