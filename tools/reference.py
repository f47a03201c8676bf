"""Write docs/reference/{commands,variables}.md from the code: python tools/reference.py."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from databoard.cli.catalogue import ACTIONS  # noqa: E402 - after the path
from databoard.cli.tasks import Action, describe, parameters  # noqa: E402

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


PAGES = {"commands.md": commands, "variables.md": variables}


def main() -> None:
    """Write the pages."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
