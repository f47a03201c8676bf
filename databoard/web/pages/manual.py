"""The documentation under /docs: pages that ``make docs`` built, in the site's own layout."""

from __future__ import annotations

import html
import re
from pathlib import Path

from flask import redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from databoard.errors import NotFoundError
from databoard.web.assets import STATIC
from databoard.web.language import gettext as _
from databoard.web.pages.blueprint import bp

DOCS = STATIC / "docs"


def _part(text: str, name: str) -> str:
    """Cut a part out of a built page (tools/docs_theme/main.html)."""
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


@bp.get("/docs/", defaults={"page": ""})
@bp.get("/docs/<path:page>")
def manual(page: str) -> str | Response:
    """Show a page of the documentation, or how to build it.

    Raises
    ------
    NotFoundError
        If there is no such page.
    """
    if page and not page.endswith("/"):
        # Links between pages are relative to their folders.
        return redirect(url_for("pages.manual", page=f"{page}/"))
    if not (DOCS / "index.html").is_file():
        return render_template("pages/manual.html", title=_("Documentation"), content=None)
    path = safe_join(str(DOCS), page, "index.html")
    if path is None or not Path(path).is_file():
        raise NotFoundError(_("There is no such page in the documentation."))
    text = Path(path).read_text(encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", text)
    return render_template(
        "pages/manual.html",
        title=html.unescape(title[1]) if title else _("Documentation"),
        # Written by us, from docs/ of this release.
        nav=Markup(_part(text, "nav")),  # noqa: S704
        content=Markup(_part(text, "content")),  # noqa: S704
    )
