"""Rules of the house that no linter checks; docs/explanation/house.md says why they are rules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "databoard"
FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if not {"node_modules", "static"} & set(path.relative_to(PACKAGE).parts)
)
LAYERS = {path.relative_to(PACKAGE).parts[0] for path in FILES}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give every call with the last word of what is called."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr, node
            elif isinstance(node.func, ast.Name):
                yield node.func.id, node


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Give every import as module and name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module or "", alias.name


def public_functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def of(*layers: str) -> list[Path]:
    return [path for path in FILES if layer(path) in layers]


def test_the_files_are_found():
    assert len(FILES) > 50
    assert {"domain", "kits", "store", "services"} <= {layer(path) for path in FILES}


def test_only_edges_commit():
    """What leaves by mail cannot be rolled back, so the outbox commits letter by letter."""
    allowed = {"web", "cli", "training"}
    found = {
        name_of(path)
        for path in FILES
        for name, _ in calls(path)
        if name == "commit" and layer(path) not in allowed
    }
    assert found <= {"services.outbox"}


def test_only_the_store_writes_queries():
    found = {
        name_of(path)
        for path in FILES
        if layer(path) != "store"
        for module, name in imports(path)
        if module.split(".")[0] == "sqlalchemy"
        and name in {"select", "insert", "update", "delete", "text", "func"}
    }
    assert found == set()


@pytest.mark.parametrize("path", of("services"), ids=name_of)
def test_services_that_touch_the_database_take_the_session_first(path):
    for function in public_functions(path):
        arguments = [argument.arg for argument in function.args.args]
        if "session" in arguments or "session" in {a.arg for a in function.args.kwonlyargs}:
            assert arguments[0] == "session", function.name


@pytest.mark.parametrize("path", of("services"), ids=name_of)
def test_services_are_told_the_time(path):
    """A service reads no clock: its caller passes ``now``."""
    clocks = {"utcnow", "today", "monotonic", "time_ns"}
    for name, call in calls(path):
        assert name not in clocks, f"line {call.lineno}"
        if name == "now":
            assert not isinstance(call.func, ast.Attribute), f"line {call.lineno}"


def test_the_domain_is_numpy_scipy_and_the_standard_library():
    allowed = sys.stdlib_module_names | {"numpy", "scipy", "databoard"}
    for path in of("domain"):
        for module, _ in imports(path):
            assert module.split(".")[0] in allowed, f"{name_of(path)} imports {module}"
            if module.startswith("databoard."):
                inside = module.split(".")[1]
                assert inside in {"domain", "errors", "phrases"}, f"{name_of(path)}: {module}"


def test_nothing_private_crosses_a_module():
    for path in FILES:
        for module, name in imports(path):
            if not module.startswith("databoard"):
                continue
            words = [*module.split("."), name]
            private = [w for w in words if w.startswith("_") and not w.startswith("__")]
            assert not private, f"{name_of(path)} imports {module}.{name}"


def test_only_settings_reads_variables_of_databoard():
    for path in FILES:
        # The demo only asks whether somebody set an address; it prepares what settings read.
        if name_of(path) in {"settings", "cli.demo.main"}:
            continue
        for name, call in calls(path):
            if name in {"getenv", "get"} and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    assert not first.value.startswith("DATABOARD_"), (
                        f"{name_of(path)}, line {call.lineno}"
                    )


def test_services_and_store_know_no_flask():
    for path in of("services", "store", "mail", "training", "kits", "domain"):
        for module, _ in imports(path):
            assert module.split(".")[0] not in {"flask", "flask_login", "werkzeug", "wtforms"}, (
                f"{name_of(path)} imports {module}"
            )


def test_no_shell_no_eval_no_pickle_no_extractall():
    """Gates of threats.md; pickle only for what we made ourselves, on its way into a box."""
    for path in FILES:
        for name, call in calls(path):
            where = f"{name_of(path)}, line {call.lineno}"
            # Methods may be called eval; the builtins may not be called at all.
            if isinstance(call.func, ast.Name):
                assert name != "eval", where
            assert name != "extractall", where
            for keyword in call.keywords:
                is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                assert not (is_true and keyword.arg in {"shell", "allow_pickle"}), where


def test_no_template_marks_text_as_safe():  # W4
    for path in (PACKAGE / "web" / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8").replace(" ", "")
        assert "|safe" not in text, path.name
        assert "autoescapefalse" not in text, path.name


def test_every_module_says_what_it_is():
    for path in FILES:
        if layer(path) != "specific" and path.read_text(encoding="utf-8").strip():
            assert ast.get_docstring(tree(path)), name_of(path)
