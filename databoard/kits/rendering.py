"""Texts of organisers as HTML that is safe to show: notebooks, scripts and Markdown.

Everything passes an allow-list: no scripts, styles, forms, frames or identifiers, and no content
from another host. Formulas stay text between dollars (or in elements of class ``math``).
"""

from __future__ import annotations

import contextlib
import html
import importlib
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import nh3

from databoard.errors import KitError

MAX_NOTEBOOK_BYTES = 20 * 2**20

TAG_NAMES = (
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead tr tt u ul var"
)
TAGS = set(TAG_NAMES.split())
ATTRIBUTES = {
    "*": {"class", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
IMAGE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]+")
# What nbconvert, Pygments and pandas write; classes of our own pages cannot be borrowed.
CLASS = re.compile(
    r"[a-z][a-z0-9]?|highlight|hl-[a-z0-9]+|cell|border-box-sizing|code_cell|text_cell(_render)?"
    r"|rendered(_html)?|inner_cell|input(_area|_prompt|_html)?|output(_[a-z]+)*|prompt|math"
    r"|dataframe|jp-[A-Za-z-]+|language-[a-z0-9]+"
)


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """Narrow the values of allowed attributes; None drops the attribute."""
    if attribute == "src":
        return value if IMAGE.fullmatch(value) else None
    if attribute == "class":
        return " ".join(word for word in value.split() if CLASS.fullmatch(word)) or None
    if attribute in ("width", "height", "colspan", "rowspan", "start"):
        return value if value.isascii() and value.isdigit() and len(value) < 6 else None
    if attribute == "href":
        return value if value.startswith(("http://", "https://", "mailto:")) else None
    return value


def sanitise(markup: str) -> str:
    """Keep of some HTML only what is on the allow-list."""
    return nh3.clean(
        markup,
        tags=TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "svg", "math"},
        attributes=ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def render_markdown(text: str) -> str:
    """Render Markdown as safe HTML; HTML in it is shown as text.

    >>> render_markdown("Predict *y*. <b>{{7*7}}</b>").strip()
    '<p>Predict <em>y</em>. &lt;b&gt;{{7*7}}&lt;/b&gt;</p>'
    """
    mistune = importlib.import_module("mistune")
    plugins = ["table", "strikethrough", "math", "footnotes"]
    return sanitise(str(mistune.create_markdown(escape=True, plugins=plugins)(text)))


def render_notebook(path: Path) -> str:
    """Render a notebook, with the outputs that are stored in it, as safe HTML.

    A script (``.py``) is shown as code. Images must be in the notebook, as png or jpeg.

    Raises
    ------
    KitError
        If the file is too large or no notebook.
    """
    if path.stat().st_size > MAX_NOTEBOOK_BYTES:
        raise KitError(
            f"The notebook {path.name} has more than {MAX_NOTEBOOK_BYTES // 2**20} MB.",
            "Clear its outputs.",
        )
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        return sanitise(_highlight(text))
    nbformat = importlib.import_module("nbformat")
    exporters = importlib.import_module("nbconvert.exporters")
    try:
        notebook: Any = nbformat.reads(text, as_version=4)
        language = notebook.metadata.setdefault("language_info", {})
        # The lexer of IPython itself comes with IPython, which a server does not have.
        if language.setdefault("name", "python") == "python":
            language["pygments_lexer"] = "python3"
        exporter = exporters.HTMLExporter(template_name="basic", exclude_anchor_links=True)
        markup, _ = exporter.from_notebook_node(notebook)
    except (nbformat.ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KitError(
            f"{path.name} is not a notebook that Jupyter can read: {type(error).__name__}.",
            "Open it in Jupyter and save it again.",
        ) from error
    return sanitise(markup)


def _highlight(source: str) -> str:
    pygments = importlib.import_module("pygments")
    lexer = importlib.import_module("pygments.lexers").PythonLexer()
    formatter = importlib.import_module("pygments.formatters").HtmlFormatter()
    return str(pygments.highlight(source, lexer, formatter))


def first_paragraph(text: str, max_length: int = 300) -> str:
    r"""Take the first plain paragraph of a Markdown text or of a notebook's source.

    >>> first_paragraph("# Stars\n\nTell the *type* of a [star](http://a.b).\n\nMore.")
    'Tell the type of a star.'
    """
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        cells = json.loads(text)["cells"]
        text = "\n\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
        )
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
        plain = nh3.clean(re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(lines)), tags=set())
        words = html.unescape(re.sub(r"[*_`]+", "", plain)).split()
        if len(words) > 3:
            return textwrap.shorten(" ".join(words), max_length, placeholder=" …")
    return ""
