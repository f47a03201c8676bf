"""Write docs/reference/*.md from the code: python tools/reference.py."""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from databoard.cli.catalogue import ACTIONS  # noqa: E402 - after the path
from databoard.cli.tasks import Action, describe, parameters  # noqa: E402
from databoard.errors import DataboardError  # noqa: E402
from databoard.settings import Settings  # noqa: E402
from databoard.web.app import create_app  # noqa: E402

NOTE = "<!-- Written by tools/reference.py; change the code, then run it again. -->\n"


def commands() -> str:
    """Describe every command with its arguments."""
    intro = (
        "# Commands\n\nEach is a task of `fab` and a command of `python manage.py`: "
        "`fab add_problem:iris` is `python manage.py add-problem iris`.\n"
    )
    return "\n".join([NOTE + "\n" + intro, *map(_command, ACTIONS)])


def _command(action: Action) -> str:
    lines = [f"## {action.__name__}", "", inspect.getdoc(action) or "", ""]
    for parameter in parameters(action):
        kind, meaning = describe(parameter)
        needed = parameter.default is inspect.Parameter.empty
        default = "required" if needed else f"default `{parameter.default!r}`"
        words = f": {meaning}" if meaning else ""
        lines.append(f"- `{parameter.name}` ({kind.__name__}, {default}){words}")
    return "\n".join(lines).rstrip() + "\n"


def variables() -> str:
    """Describe every variable of the environment, as env.sample does."""
    parts = [NOTE, "# Variables of the environment\n"]
    said: list[str] = []
    for line in (ROOT / "env.sample").read_text(encoding="utf-8").splitlines():
        heading = re.fullmatch(r"# -+ (.+?) -+", line)
        variable = re.fullmatch(r"#?([A-Z][A-Z_]+)=(.*)", line)
        if heading:
            parts.append(f"## {heading[1]}\n")
            said = []
        elif variable:
            default = f" (as shipped: `{variable[2]}`)" if variable[2] else ""
            parts.append(f"- `{variable[1]}`{default}: {' '.join(said) or 'see above.'}")
            said = []
        elif line.startswith("# "):
            said.append(line[2:].strip())
        elif not line:
            said = []
            parts.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip() + "\n"


def errors() -> str:
    """Describe every error of the tree, with the status of a page that ends with it."""
    lines = [
        NOTE,
        "# Errors\n",
        "A page that ends with one of these has its status; a command ends with code 1.\n",
        "| error | status | whose | what |",
        "|---|---|---|---|",
    ]
    for error in _tree(DataboardError):
        what = (inspect.getdoc(error) or "").split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{error.__name__}` | {error.status} | {error.fault} | {what} |")
    return "\n".join(lines) + "\n"


def _tree(error: type[DataboardError]) -> list[type[DataboardError]]:
    below = [e for e in error.__subclasses__() if e.__module__ == DataboardError.__module__]
    return [error, *(one for each in below for one in _tree(each))]


def pages() -> str:
    """Describe every address of the site."""
    with tempfile.TemporaryDirectory() as root:
        app = create_app(
            Settings.from_env(
                {
                    "DATABOARD_DB_URL": "sqlite://",
                    "DATABOARD_ROOT": root,
                    "DATABOARD_SECRET_KEY": "of no site: for a list of addresses only",
                }
            )
        )
    by_group: dict[str, dict[str, list[str]]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        group = rule.endpoint.rpartition(".")[0] or "site"
        does = (inspect.getdoc(app.view_functions[rule.endpoint]) or "").split("\n")[0]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            by_group.setdefault(group, {}).setdefault(f"{method} `{rule.rule}`", []).append(does)
    parts = [
        NOTE,
        "# Pages\n",
        "Who may open which is a table of its own, `tests/web/access_table.py`.\n",
    ]
    for group, rules in sorted(by_group.items()):
        rows = [f"| {rule} | {' '.join(does)} |" for rule, does in rules.items()]
        parts += [f"## {group}\n", "| address | what |\n|---|---|", *rows, ""]
    return "\n".join(parts).rstrip() + "\n"


def decisions() -> str:
    """List the decisions."""
    lines = [
        NOTE,
        "# Decisions\n",
        "Choices that a successor would question: what was decided, why, what would change it.\n",
    ]
    for path in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


PAGES = {
    "../decisions/README.md": decisions,
    "commands.md": commands,
    "variables.md": variables,
    "pages.md": pages,
    "errors.md": errors,
}


def main() -> None:
    """Write the pages."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
