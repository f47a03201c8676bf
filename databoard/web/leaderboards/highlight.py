"""Source code as lines of HTML, in the colours that the editor has too."""

from __future__ import annotations

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Token
from pygments.util import ClassNotFound

#: Colouring takes a second per 60,000 characters; what is longer than anybody reads stays plain.
MAX_COLOURED = 100_000

# The editor's own class names (CodeMirror's classHighlighter), so that one style serves both.
# The first that contains the token wins.
_CLASSES = (
    (Comment, "tok-comment"),
    (Keyword.Constant, "tok-bool"),
    (Keyword, "tok-keyword"),
    (Operator.Word, "tok-keyword"),
    (Operator, "tok-operator"),
    (String, "tok-string"),
    (Number, "tok-number"),
    (Name.Class, "tok-className"),
    (Name.Function, "tok-variableName tok-definition"),
    (Name.Decorator, "tok-meta"),
    (Punctuation, "tok-punctuation"),
)


def _class_of(token: type[Token]) -> str:
    return next((name for kind, name in _CLASSES if token in kind), "")


def _lexer(filename: str, text: str) -> Lexer:
    # What is kept of a submission must be what is shown: no line may be stripped or added.
    options = {"stripnl": False, "ensurenl": False}
    if len(text) > MAX_COLOURED:
        return TextLexer(**options)
    try:
        return get_lexer_for_filename(filename, **options)
    except ClassNotFound:
        return TextLexer(**options)


def highlight(text: str, filename: str) -> list[Markup]:
    """Colour a source text; one piece of HTML per line, each whole in itself.

    >>> highlight("x = 1", "a.py")[0]
    Markup('x <span class="tok-operator">=</span> <span class="tok-number">1</span>')
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines: list[list[Markup]] = [[]]
    for token, value in _lexer(filename, text).get_tokens(text):
        name = _class_of(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                html = Markup('<span class="{}">{}</span>').format(name, part) if name else None
                lines[-1].append(html or escape(part))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()  # the line feed that ends the last line starts no new one
    return [Markup("").join(line) for line in lines]
