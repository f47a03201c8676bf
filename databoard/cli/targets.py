"""The servers that an installation publishes to, by name."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from databoard.errors import InvalidError, SettingsError
from databoard.settings import Settings

NAMES = ("local", "test", "production")


@dataclass(frozen=True)
class Target:
    """A folder on a server, or on this machine where ``host`` is empty."""

    name: str
    host: str
    code: PurePosixPath
    data: PurePosixPath
    ssh: tuple[str, ...]

    def address(self, path: PurePosixPath) -> str:
        """Name a folder as rsync does."""
        return f"{self.host}:{path}/" if self.host else f"{path}/"

    def remotely(self, *words: str | PurePosixPath) -> list[str]:
        """Write a command so that it runs on the server."""
        command = shlex.join(str(word) for word in words)
        return [*self.ssh, self.host, command] if self.host else ["sh", "-c", command]

    @property
    def shell(self) -> list[str]:
        """Arguments that tell rsync how to reach the server."""
        return ["-e", shlex.join(self.ssh)] if self.host else []


def find(settings: Settings, name: str, among: tuple[str, ...] = NAMES) -> Target:
    """Find a server by its name.

    Raises
    ------
    InvalidError
        If it is none of the names.
    SettingsError
        If nobody has said where it is.
    """
    if name not in among:
        raise InvalidError(f"The target is one of {', '.join(among)}, not {name!r}.", "target")
    if name == "local":
        host, root = "", settings.target_local
    else:
        variable = f"DATABOARD_TARGET_{name.upper()}"
        where = settings.target_test if name == "test" else settings.target_production
        if not where:
            raise SettingsError(f"Set {variable} to [<user>@]<host>:<folder> of the server.")
        host, colon, root = where.partition(":")
        if not (host and colon and root.startswith("/")) or host.startswith("-"):
            raise SettingsError(f"{variable} is [<user>@]<host>:<folder>, not {where!r}.")
    folder = PurePosixPath(root)
    # A laptop's copy has no code of its own: there the folder itself is the data root.
    return Target(
        name=name,
        host=host,
        code=folder / settings.target_code,
        data=folder / settings.target_data if host else folder,
        ssh=tuple(shlex.split(settings.ssh)),
    )
