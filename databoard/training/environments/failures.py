"""What pip said, in words for the organiser: which line, what is wrong, how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from databoard.errors import RequirementsError
from databoard.training.environments import canonical
from databoard.training.environments.recipe import RUNNER, Recipe, Wish

_AWAY = re.compile(
    r"NewConnectionError|ConnectTimeout|Temporary failure in name resolution|Read timed out"
    r"|ProxyError|Connection (?:refused|reset|aborted)|RemoteDisconnected|Network is unreachable"
)
_NO_VERSION = re.compile(r"No matching distribution found for (\S+)")
_KNOWN = re.compile(r"\(from versions: (.+)\)")
_INVALID = re.compile(r"Invalid requirement: (.+?): (.+)")
_AT_LINE = re.compile(r"\(from line (\d+) of ")
_OTHER_PYTHON = re.compile(r"(?:Package )?'?([\w.-]+)'? requires a different Python: (.+)")
_HOST = re.compile(r"host='([^']+)'")
_CLONING = re.compile(r"Cloning (\S+)")
_FATAL = re.compile(r"fatal: (.+)")
_BUILD = re.compile(r"Failed to build '?([\w.-]+)|Failed building wheel for ([\w.-]+)")
_SHOWN_VERSIONS = 8


def is_away(said: Sequence[str], recipe: Recipe) -> bool:
    """Tell whether pip could not reach its index, which is no fault of the file.

    Other hosts are: where a line of the file names an address that is out of reach.
    """
    return any(_AWAY.search(line) for line in said) and _named_host(recipe, said) is None


def _named_host(recipe: Recipe, said: Sequence[str]) -> Wish | None:
    """Find the line with the address that could not be reached or cloned."""
    hosts = {host for line in said if _AWAY.search(line) for host in _HOST.findall(line)}
    urls = {url for line in said for url in _CLONING.findall(line)}
    return next(
        (
            wish
            for wish in recipe.wishes
            if any(f"//{host}/" in wish.text for host in hosts)
            or any(url.rstrip("/") in wish.text for url in urls)
        ),
        None,
    )


def explain(where: str, recipe: Recipe, said: Sequence[str]) -> RequirementsError:
    """Turn the end of what pip has printed into a refusal."""
    text = "\n".join(said)
    fetched = _named_host(recipe, said)
    if fetched is not None:
        why = _FATAL.search(text)
        what = f"pip cannot fetch it: {why[1][:200] if why else 'its host is out of reach'}."
        fix = f"Name a release of the package index instead, such as {fetched.name}==1.0."
        return _refuse(where, fetched, what, fix)
    for pattern, tell in (
        (_INVALID, _tell_invalid),
        (_OTHER_PYTHON, _tell_other_python),
        (_NO_VERSION, _tell_no_version),
        (_BUILD, _tell_build),
    ):
        found = pattern.search(text)
        if found is not None and "ResolutionImpossible" not in text:
            return tell(where, recipe, text, found)
    if "ResolutionImpossible" in text or "conflicting dependencies" in text:
        return _tell_conflict(where, recipe, said)
    if "No space left on device" in text:
        return RequirementsError(f"{where}: the disk is full.", "Make room: fab clean.")
    last = next((line for line in reversed(said) if line.startswith("ERROR")), "")
    last = (last or (said[-1] if said else "nothing")).removeprefix("ERROR: ")
    return RequirementsError(f"{where}: pip failed and said: {last[:300]}")


def _wish(recipe: Recipe, text: str) -> Wish | None:
    """Find the line of the package that a text begins with."""
    name = re.match(r"[\w.-]+", text)
    wanted = canonical(name.group()) if name else ""
    return next((wish for wish in recipe.wishes if wish.name == wanted), None)


def _refuse(where: str, wish: Wish | None, what: str, fix: str) -> RequirementsError:
    at = f"{where}, line {wish.number} ({wish.text[:80]})" if wish else where
    return RequirementsError(f"{at}: {what}", fix, line=wish.number if wish else None)


def _tell_invalid(where: str, recipe: Recipe, text: str, found: re.Match[str]) -> RequirementsError:
    number = _AT_LINE.search(text)
    line = int(number.group(1)) if number else None
    wish = next((wish for wish in recipe.wishes if wish.number == line), None)
    return _refuse(where, wish, f"pip cannot read {found[1]}: {found[2]}.", "Correct the line.")


def _tell_other_python(
    where: str, recipe: Recipe, text: str, found: re.Match[str]
) -> RequirementsError:
    what = f"{found[1]} is for another Python: {found[2].strip().rstrip('.')}."
    return _refuse(where, _wish(recipe, found[1]), what, "Choose another version.")


def _tell_no_version(
    where: str, recipe: Recipe, text: str, found: re.Match[str]
) -> RequirementsError:
    known = _KNOWN.search(text)
    versions = known[1].split(", ") if known and known[1] != "none" else []
    wish = _wish(recipe, found[1])
    if not versions:
        what = f"pip finds no package {found[1]} for this Python and machine."
        return _refuse(where, wish, what, "Look whether the name is right.")
    newest = ", ".join(versions[-_SHOWN_VERSIONS:])
    return _refuse(
        where, wish, f"pip finds no {found[1]}; the newest are {newest}.", "Choose one of these."
    )


def _tell_build(where: str, recipe: Recipe, text: str, found: re.Match[str]) -> RequirementsError:
    name = found[1] or found[2]
    what = f"{name} has no wheel for this Python and machine, and its source does not build."
    return _refuse(where, _wish(recipe, name), what, "Choose a version with a wheel.")


def _tell_conflict(where: str, recipe: Recipe, said: Sequence[str]) -> RequirementsError:
    begin = next((i for i, line in enumerate(said) if "conflict is caused by" in line), -1)
    reasons = []
    for line in said[begin + 1 :] if begin >= 0 else ():
        if not line.startswith("    "):
            break
        reasons.append(line.strip())
    own = {wish.name for wish in recipe.wishes}
    servers = [
        name
        for name in RUNNER
        if name not in own and any(f"requested {name}==" in reason for reason in reasons)
    ]
    words = "; ".join(reasons) or "pip does not say which"
    wish = next((w for r in reasons for w in recipe.wishes if w.name in canonical(r)), None)
    if servers:
        fix = (
            f"What the file does not name has the server's version: name {', '.join(servers)} in "
            "it with a version that fits."
        )
    else:
        fix = "Loosen one of the versions."
    return _refuse(where, wish, f"these versions do not fit together: {words}.", fix)
