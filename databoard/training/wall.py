"""The outer wall: what a zygote or a scorer sees of the machine, which is next to nothing.

As a program (``python wall.py SPEC``) this file makes the wall around itself and becomes the
process that is to live inside. Where bubblewrap is installed, it is the wall; where it is not,
the same namespaces are made here. As root, a first view of the file system is made with root's
rights and then left to an unprivileged user, so that the interpreter may lie below a folder like
/root that this user could not enter.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

if __name__ == "__main__":  # run by its path, by an interpreter that knows no databoard
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from databoard.training import linux

SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
# bubblewrap expects the terminal, too; a box leaves its session and cannot open it.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# The temporary files of a box, on a file system of its own.
SCRATCH = "/tmp"  # noqa: S108
ROOT_SIZE = "size=4m,nr_inodes=4096,mode=755"
NAMESPACES = (
    linux.CLONE_NEWUSER
    | linux.CLONE_NEWNS
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUTS
    | linux.CLONE_NEWCGROUP
)


@dataclass(frozen=True)
class View:
    """What is seen from inside the wall.

    Attributes
    ----------
    command : the program and its arguments
    environment : all of it
    shown : (source, target) of the files and folders that are shown, read-only
    hidden : folders that are empty inside, should they lie below a shown one
    uid, gid : whom to become, when root makes the wall; None to stay
    bwrap : path of bubblewrap, "" to make the namespaces here
    descriptors : those that stay open
    """

    command: list[str]
    environment: dict[str, str]
    shown: list[tuple[str, str]]
    hidden: list[str] = field(default_factory=list)
    uid: int | None = None
    gid: int | None = None
    bwrap: str = ""
    descriptors: list[int] = field(default_factory=list)

    def argv(self) -> list[str]:
        """Return the command line that makes the wall and then runs the command inside."""
        return [sys.executable, "-I", "-S", "-B", __file__, json.dumps(asdict(self))]


def system_folders() -> tuple[list[str], list[tuple[str, str]]]:
    """Return the system's folders to show, and its links as (target, link): /bin -> usr/bin."""
    folders, links = ["/usr"], []
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            links.append((str(path.readlink()), str(path)))
        elif path.is_dir():
            folders.append(str(path))
    return folders, links


def outermost(paths: Sequence[str]) -> list[str]:
    """Leave out paths that lie below another one of them."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path == other or path.startswith(other.rstrip("/") + "/") for other in kept):
            kept.append(path)
    return kept


def _bwrap_command(view: View) -> list[str]:
    folders, links = system_folders()
    words = [view.bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    words += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "databoard"]
    words += ["--die-with-parent", "--new-session", "--clearenv", "--tmpfs", SCRATCH]
    for folder in folders:
        words += ["--ro-bind", folder, folder]
    for target, link in links:
        words += ["--symlink", target, link]
    for path in SYSTEM_FILES:
        words += ["--ro-bind-try", path, path]
    for source, target in view.shown:
        words += ["--ro-bind", source, target]
    for folder in view.hidden:
        # Read-only: all boxes of the zygote see the same one.
        words += ["--tmpfs", folder, "--remount-ro", folder]
    words += ["--dev", "/dev", "--proc", "/proc", "--dir", "/job", "--dir", "/scratch"]
    for name, value in view.environment.items():
        words += ["--setenv", name, value]
    return [*words, "--remount-ro", "/", "--chdir", "/", "--", *view.command]


def _staged(view: View) -> View:
    """Return the view as it looks from the file system that `_build_root` has made."""
    shown = [(target, target) for _, target in view.shown]
    return View(**{**asdict(view), "shown": shown})


class _Root:
    """A file system under construction at /tmp of a fresh mount namespace."""

    place = SCRATCH

    def __init__(self, sources: Sequence[str]) -> None:
        # Opened before /tmp is covered, since a source may lie below it.
        self.descriptors = {path: os.open(path, os.O_PATH) for path in set(sources)}
        linux.mount("none", "/", None, linux.MS_REC | linux.MS_SLAVE)
        linux.mount("tmpfs", self.place, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, ROOT_SIZE)

    def make(self, path: str) -> Path:
        folder = Path(self.place + path)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def mount_scratch(self, path: str) -> None:
        flags = linux.MS_NOSUID | linux.MS_NODEV
        linux.mount("tmpfs", str(self.make(path)), "tmpfs", flags, "size=256m,mode=1777")

    def show(self, source: str, target: str, *, readonly: bool = True) -> None:
        descriptor = self.descriptors[source]
        here = f"/proc/self/fd/{descriptor}"
        place = Path(self.place + target)
        if Path(here).is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        linux.bind(here, str(place))
        if readonly:
            linux.make_readonly(str(place))

    def enter(self) -> None:
        for descriptor in self.descriptors.values():
            os.close(descriptor)
        os.chdir(self.place)
        linux.pivot_root(".", "old")
        os.chdir("/")


def _build_root(view: View) -> None:
    """Make a file system of what is shown and enter it; the old one stays at /old."""
    folders, links = system_folders()
    files = [path for path in SYSTEM_FILES if Path(path).exists()]
    devices = [f"/dev/{name}" for name in DEVICES if Path("/dev", name).exists()]
    root = _Root([*folders, *files, *devices, *(source for source, _ in view.shown), "/proc"])
    for path in [*folders, *files]:
        root.show(path, path)
    for target, link in links:
        Path(root.place + link).symlink_to(target)
    root.mount_scratch(SCRATCH)
    for source, target in view.shown:
        root.show(source, target)
    for folder in view.hidden:
        place = root.place + folder
        linux.mount("tmpfs", place, "tmpfs", linux.MS_NOSUID, "size=4k,mode=755")
        linux.make_readonly(place, recursive=False)
    for path in devices:
        root.show(path, path, readonly=False)
    # Semaphores live there; joblib gives up all parallel work if it finds none when imported.
    root.mount_scratch("/dev/shm")  # noqa: S108
    (Path(root.place) / "dev" / "fd").symlink_to("/proc/self/fd")
    for name in ("/proc", "/old", "/job", "/scratch"):
        root.make(name)
    root.show("/proc", "/proc", readonly=False)
    root.enter()


def _make_namespaces(view: View, *, staged: bool) -> None:
    """Make the wall without bubblewrap; return in the first process of the new namespaces."""
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(NAMESPACES)
    linux.map_to_self(uid, gid)
    if not staged:
        _build_root(view)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 255)
    linux.die_with_parent()
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    linux.mount("proc", "/proc", "proc", flags)
    if not staged:
        linux.detach("/old")
    linux.sethostname("databoard")
    linux.make_readonly("/", recursive=False)
    os.setsid()


def enter(view: View) -> None:
    """Make the wall around this process and run the command; never returns."""
    for descriptor in view.descriptors:
        os.set_inheritable(descriptor, True)
    parent = os.getppid()
    staged = os.geteuid() == 0
    if staged:
        linux.unshare(linux.CLONE_NEWNS)
        _build_root(view)
        linux.detach("/old")
        view = _staged(view)
        if view.uid is not None and view.gid is not None:
            linux.become(view.uid, view.gid)
    linux.die_with_parent()
    if os.getppid() != parent:
        os._exit(120)
    if view.bwrap:
        os.execve(view.bwrap, _bwrap_command(view), view.environment)  # noqa: S606
    _make_namespaces(view, staged=staged)
    os.execve(view.command[0], view.command, view.environment)  # noqa: S606


if __name__ == "__main__":
    enter(View(**json.loads(sys.argv[1])))
