import json

import pytest

from databoard.errors import KitError
from databoard.kits.rendering import first_paragraph, render_markdown, render_notebook, sanitise

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"

ATTACKS = [  # W4
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<object data='x'></object><embed src='x'>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>body{background:url(https://evil.example)}</style>",
    "<p style='position:fixed;top:0'>x</p>",
    "<link rel=stylesheet href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example'>",
    "<img src='https://evil.example/pixel.png'>",
    "<img src='//evil.example/pixel.png'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<p id='csrf_token' name='csrf_token'>x</p>",
    "<p class='modal show btn-danger'>x</p>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<video src=x onerror=alert(1)></video>",
    "<p onclick=alert(1)>x</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
]
FORBIDDEN = (
    "<script",
    "alert(1)</script",
    "onerror",
    "onload",
    "onclick",
    "javascript:",
    "<svg",
    "<iframe",
    "<object",
    "<embed",
    "<form",
    "<input",
    "<button",
    "<style",
    "style=",
    "<link",
    "<meta",
    "<base",
    'src="http',
    'src="//',
    "svg+xml",
    "text/html",
    " id=",
    " name=",
    "modal",
    "btn",
    "<!--",
)


def notebook(*cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def markdown_cell(text):
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code_cell(source, *outputs):
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "execution_count": 1,
        "outputs": outputs,
    }


def display(kind, content):
    return {"output_type": "display_data", "metadata": {}, "data": {kind: content}}


def render(tmp_path, text, name="x.ipynb"):
    (tmp_path / name).write_text(text)
    return render_notebook(tmp_path / name)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_do_not_survive_anywhere(tmp_path, attack):
    cells = [
        markdown_cell(f"hello\n\n{attack}\n"),
        code_cell("x", display("text/html", attack), display("text/markdown", attack)),
    ]
    shown = [sanitise(attack), render(tmp_path, notebook(*cells))]

    for markup in shown:
        assert [word for word in FORBIDDEN if word in markup.lower()] == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_shows_html_as_text(attack):
    markup = render_markdown(f"hello {attack}")

    assert "<script" not in markup
    assert "hello" in markup
    assert "<img" not in markup


def test_script_outputs_and_svg_outputs_are_dropped(tmp_path):
    outputs = (
        display("application/javascript", "alert(1)"),
        display("image/svg+xml", "<svg><script>alert(1)</script></svg>"),
        display("text/latex", "<script>alert(1)</script>"),
    )

    markup = render(tmp_path, notebook(code_cell("x", *outputs)))

    assert "<script" not in markup
    assert "<svg" not in markup


def test_a_notebook_keeps_text_code_tables_pictures_and_formulas(tmp_path):
    cells = [
        markdown_cell("# Flowers\n\nTell $x_1$ from\n\n$$\\sum_i x_i$$\n\n[more](https://a.b)"),
        code_cell(
            "print('<b>')",
            {"output_type": "stream", "name": "stdout", "text": "<b>\n"},
            display("image/png", PNG),
            display("text/html", "<table class='dataframe'><tr><td>1</td></tr></table>"),
        ),
    ]

    markup = render(tmp_path, notebook(*cells))

    assert "<h1>Flowers</h1>" in markup
    assert "$x_1$" in markup
    assert "$$\\sum_i x_i$$" in markup
    assert 'href="https://a.b"' in markup
    assert "noopener" in markup
    assert "&lt;b&gt;" in markup
    assert f'src="data:image/png;base64,{PNG}' in markup
    assert '<table class="dataframe">' in markup
    assert 'class="highlight' in markup


def test_a_script_is_shown_as_code(tmp_path):  # checklist 13
    markup = render(tmp_path, "# Title <script>\nx = 1\n", "x_ramp_staring_kit.py")

    assert "Title &lt;script&gt;" in markup
    assert 'class="highlight"' in markup


@pytest.mark.parametrize("text", ["", "no notebook", "{}", '{"cells": 3}', "[]"])
def test_a_file_that_is_no_notebook_is_an_error(tmp_path, text):
    with pytest.raises(KitError, match=r"x\.ipynb is not a notebook") as refusal:
        render(tmp_path, text)

    assert refusal.value.fix


def test_a_very_large_notebook_is_refused(tmp_path):
    with (tmp_path / "x.ipynb").open("wb") as file:
        file.truncate(21 * 2**20)

    with pytest.raises(KitError, match="more than 20 MB"):
        render_notebook(tmp_path / "x.ipynb")


def test_markdown_is_no_template():  # W12
    assert "{{7*7}}" in render_markdown("{{7*7}} {% raw %}")


def test_formulas_in_markdown_stay_text():
    assert '<span class="math">\\(a_b\\)</span>' in render_markdown("as $a_b$ and *c*")


def test_pictures_of_other_hosts_leave_only_their_description():
    assert render_markdown("![a cat](https://a.b/c.png)").strip() == '<p><img alt="a cat"></p>'


@pytest.mark.parametrize(
    ("text", "paragraph"),
    [
        ("", ""),
        ("# Title only", ""),
        ("# T\nTell two kinds of *flower* apart.\n\nMore.", "Tell two kinds of flower apart."),
        ("<img src=x> \n\nA <b>bold</b> and long [text](u).", "A bold and long text."),
        (
            notebook(code_cell("x = 1"), markdown_cell("# T\n\nOne two three four.")),
            "One two three four.",
        ),
    ],
)
def test_the_first_paragraph_is_plain(text, paragraph):
    assert first_paragraph(text) == paragraph


def test_a_long_paragraph_is_cut_at_a_word():
    assert first_paragraph("word " * 100, 30) == "word word word word word …"
