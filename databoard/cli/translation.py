r"""The command lines of Fabric 1, understood by Fabric 3.

::

    fab add_problem:iris,force=True           as the original manual prints them
    fab add_problem iris True                 bare words
    fab add-problem --name iris --force       what Fabric 3 understands by itself

``fab`` reads its own flags, leaves all other words in ``program.core.unparsed``, imports the
fabfile, and only then reads those words as tasks. The last line of the fabfile is the moment to
rewrite them, in place, as the flags of Fabric 3; nothing is patched.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from invoke.exceptions import ParseError
from invoke.parser.argument import Argument
from invoke.tasks import Task

from databoard.errors import SettingsError
from databoard.settings import parse_bool


def split_arguments(text: str) -> list[str]:
    r"""Split what follows the colon at its commas; quotes and backslashes protect them.

    >>> split_arguments(r"a,'b,c',d\,e")
    ['a', 'b,c', 'd,e']
    """
    parts, quote, characters = [""], "", iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            parts[-1] += following if following in ",'\"\\" else "\\" + following
        elif quote:
            if character == quote:
                quote = ""
            else:
                parts[-1] += character
        elif character in "'\"":
            quote = character
        elif character == ",":
            parts.append("")
        else:
            parts[-1] += character
    return parts


def split_key(item: str) -> tuple[str | None, str]:
    r"""Split ``key=value``; a value alone has no key, nor has one whose "key" is no name.

    >>> split_key("target=test"), split_key(r"x\=y"), split_key("http://h?a=b")
    (('target', 'test'), (None, 'x=y'), (None, 'http://h?a=b'))
    """
    key, equals, value = item.partition("=")
    is_key = bool(equals) and key.strip().isidentifier()
    return (key.strip() if is_key else None), (value if is_key else item).replace("\\=", "=")


def _is_flag(word: str) -> bool:
    """Is the word a flag? Numbers such as -1 and -inf are values."""
    try:
        float(word)
    except ValueError:
        return word.startswith("-") and len(word) > 1
    return False


def _dashed(name: str) -> str:
    return name.replace("_", "-")


@dataclass
class Signature:
    """The arguments of a task, in the order of its definition."""

    label: str
    arguments: list[Argument]

    @classmethod
    def of(cls, task: Task[Any]) -> Signature:
        """Ask the task; its help is read from a copy, because asking empties it."""
        asked = copy.copy(task)
        asked.help = dict(task.help)
        by_name = {argument.name: argument for argument in asked.get_arguments()}
        names = task.argspec(task.body).parameters
        return cls(task.name.replace("-", "_"), [by_name[name] for name in names])

    @property
    def n_required(self) -> int:
        """How many arguments have no default."""
        return sum(bool(argument.positional) for argument in self.arguments)


def _flag_named(word: str, arguments: Iterable[Argument]) -> Argument | None:
    """Argument that the flag ``word`` belongs to."""
    word = word.split("=", 1)[0]
    for argument in arguments:
        shorts = ("-" + name for name in argument.names if len(name) == 1)
        name = _dashed(str(argument.name))
        if word in (f"--{name}", f"--no-{name}", *shorts):
            return argument
    return None


@dataclass
class Call:
    """One call of a task: classic items, and flags that are already Fabric 3's."""

    signature: Signature
    items: list[tuple[str | None, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    @property
    def n_words(self) -> int:
        """How many arguments have been given so far."""
        return len(self.items) + sum(map(_is_flag, self.flags))

    def words(self) -> list[str]:
        """Write the call for Fabric 3.

        Raises
        ------
        ParseError
            Naming the task, the argument and what is wrong with it.
        """
        given = [_flag_named(word, self.signature.arguments) for word in self.flags]
        free = [argument for argument in self.signature.arguments if argument not in given]
        try:
            values = self._match(free)
            flags = [word for argument, value in values for word in _as_flag(argument, value)]
        except ValueError as error:
            raise ParseError(f"{self.signature.label}: {error}") from None
        seen = [argument for argument, _ in values]
        missing = [str(a.name) for a in free if a.positional and a not in seen]
        if missing:
            raise ParseError(f"{self.signature.label} needs: {', '.join(missing)}")
        return [_dashed(self.signature.label), *flags, *self.flags]

    def _match(self, free: Sequence[Argument]) -> list[tuple[Argument, str]]:
        """Give each item to its argument: by key, by short key, or by place."""
        keys = {key: argument for argument in free for key in (*argument.names, argument.name)}
        places = list(free)
        matched: list[tuple[Argument, str]] = []
        for key, value in self.items:
            if key is None:
                if not places:
                    raise ValueError(f"{value!r} is one argument too many.")
                argument = places[0]
                if argument.kind is not list:  # a list takes all that follows
                    places.pop(0)
            elif key in keys:
                argument = keys[key]
            else:
                known = ", ".join(str(a.name) for a in self.signature.arguments) or "none"
                raise ValueError(f"there is no argument {key!r}; it takes: {known}.")
            if argument.kind is not list and any(argument is a for a, _ in matched):
                raise ValueError(f"{argument.name} is given twice.")
            matched.append((argument, value))
        return matched


def _as_flag(argument: Argument, value: str) -> list[str]:
    """Write one value as a flag; the text ``None`` leaves an optional argument out."""
    name = _dashed(str(argument.name))
    if value == "None" and not argument.positional:
        return []
    if argument.kind is bool:
        try:
            wanted = parse_bool(value, str(argument.name))
        except SettingsError as error:
            raise ValueError(error.message) from None
        if wanted == bool(argument.default):
            return []
        return [f"--no-{name}" if argument.default else f"--{name}"]
    if argument.kind is int:
        try:
            int(value)
        except ValueError:
            raise ValueError(f"{argument.name} must be a whole number, not {value!r}.") from None
    return [f"--{name}={value}"]


class Translator:
    """Reads words from left to right, one call after the other."""

    def __init__(
        self,
        words: Sequence[str],
        tasks: Iterable[Task[Any]],
        core_arguments: Iterable[Argument] = (),
    ) -> None:
        self.words = list(words)
        self.tasks = {_dashed(task.name): task for task in tasks}
        self.core_arguments = list(core_arguments)
        self.help_for: str | None = None

    def translate(self) -> list[str]:
        """Write all words for Fabric 3; ``help_for`` is then the task whose help is wanted."""
        written: list[str] = []
        while self.words and self.help_for is None:
            if _is_flag(self.words[0]):
                written += self._take_flag([])
            elif self._task(self.words[0]) is None:
                written.append(self.words.pop(0))  # Fabric will have no idea what it is
            else:
                written += self._take_call()
        return written

    def _task(self, word: str) -> Task[Any] | None:
        return self.tasks.get(_dashed(word.split(":", 1)[0]))

    def _take_flag(self, arguments: Sequence[Argument]) -> list[str]:
        """Take a flag, and the word after it if that is its value."""
        taken = [self.words.pop(0)]
        argument = _flag_named(taken[0], arguments) or _flag_named(taken[0], self.core_arguments)
        has_value = "=" in taken[0] or argument is None or not argument.takes_value
        if not has_value and argument and not argument.optional and self.words:
            taken.append(self.words.pop(0))
        return taken

    def _take_call(self) -> list[str]:
        name, colon, rest = self.words.pop(0).partition(":")
        task = self._task(name)
        assert task is not None
        call = Call(Signature.of(task))
        if rest:
            call.items = [split_key(item) for item in split_arguments(rest)]
        while self.words:
            if _is_flag(self.words[0]):
                call.flags += self._take_flag(call.signature.arguments)
            elif colon or self._is_next_call(call):
                break
            else:
                call.items.append((None, self.words.pop(0)))
        if {"--help", "-h"} & set(call.flags):
            self.help_for = _dashed(name)
            return []
        return call.words()

    def _is_next_call(self, call: Call) -> bool:
        """Tell whether the next word begins another call; one that is still needed does not."""
        return call.n_words >= call.signature.n_required and self._task(self.words[0]) is not None


def accept_fabric1_syntax(namespace: Mapping[str, object]) -> None:
    """Rewrite the command line that is being read; the last line of a fabfile.

    Does nothing where the fabfile is imported by anything but ``fab`` or ``inv``.
    """
    for module in ("fabric.main", "invoke.main"):
        program = getattr(sys.modules.get(module), "program", None)
        core = getattr(program, "core", None)  # set once a command line is being read
        if core is None:
            continue
        tasks = [value for value in namespace.values() if isinstance(value, Task)]
        translator = Translator(core.unparsed, tasks, core[0].args.values())
        core.unparsed[:] = translator.translate()
        wanted = core[0].args["help"]
        if translator.help_for:
            wanted.value = translator.help_for
        elif isinstance(wanted.value, str):  # fab --help add_problem
            wanted.value = _dashed(wanted.value.split(":")[0])
