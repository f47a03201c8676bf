"""What keeps a page to itself: headers, cookies, limits of requests, request ids."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from databoard.settings import Settings

MAX_REQUEST_BYTES = 64 * 2**20
MAX_FIELD_BYTES = 4 * 2**20
MAX_PARTS = 1000
HSTS_S = 365 * 86400
REMEMBERED = timedelta(days=30)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def csp_nonce() -> str:
    """Nonce of this response, for the style element that the code editor makes."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def content_security_policy() -> str:
    """Say what this page may load: files of this site, and no script or style written into it."""
    styles = f"'self' 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'self'"
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": styles,
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def request_id() -> str:
    """Name of this request in answers and logs: the proxy's, or one of our own."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    return g.request_id


def _add_headers(response: Response, *, is_https: bool) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # A browser that keeps its page keeps the nonce in it, and so the policy that names it.
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
    response.headers["X-Request-ID"] = request_id()
    # What somebody sees while logged in is kept by no cache but the browser's own.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if is_https:
        response.headers["Strict-Transport-Security"] = f"max-age={HSTS_S}; includeSubDomains"
    return response


def init_security(app: Flask, settings: Settings) -> None:
    """Set cookies, limits and headers of an application."""
    address = urlsplit(settings.public_url)
    is_https = address.scheme == "https"
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # A name with __Host- cannot be set by a sibling domain or over plain http.
        SESSION_COOKIE_NAME="__Host-databoard" if is_https else "databoard",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=REMEMBERED,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FIELD_BYTES,
        MAX_FORM_PARTS=MAX_PARTS,
        WTF_CSRF_ENABLED=settings.csrf_enabled,
        # A form may lie open as long as one is logged in.
        WTF_CSRF_TIME_LIMIT=None,
    )
    if settings.is_production and address.hostname:
        app.config["TRUSTED_HOSTS"] = [address.hostname, "localhost", "127.0.0.1"]
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def add_headers(response: Response) -> Response:
        return _add_headers(response, is_https=is_https)
