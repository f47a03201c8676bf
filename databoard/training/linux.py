"""The system calls that Python does not offer, as functions that raise ``OSError``."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
# The same library, called without letting go of Python's lock.
_python = ctypes.PyDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 4096, 16384, 1 << 18, 1 << 19

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

_HUGE_PAGE, _MADV_COLLAPSE = 1 << 21, 25
_HEAPS = ("[heap]", "[anon:")

_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_CAPABILITY_VERSION_3 = 0x20080522

_IS_ARM = platform.machine() == "aarch64"
_SYS_CLONE = 220 if _IS_ARM else 56
_SYS_PIVOT_ROOT = 41 if _IS_ARM else 155
_SYS_CAPSET = 91 if _IS_ARM else 126
_SYS_MOUNT_SETATTR = 442


def check(result: int, what: str) -> int:
    """Return the result of a call into libc, or raise what errno says."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *args: object) -> int:
    """Make a system call by its number; -1 with errno set when it fails."""
    return int(_libc.syscall(number, *args))


def unshare(flags: int) -> None:
    """Leave the namespaces in ``flags`` for fresh ones."""
    check(_libc.unshare(flags), "unshare")


def fork_into(flags: int) -> int:
    """Fork, the child being the first process in fresh namespaces of these kinds.

    As ``os.fork``, in one step where fork, unshare and another fork copy the page tables twice.
    For processes of one thread: handlers that libraries have registered for forks do not run.
    """
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _python.syscall(_SYS_CLONE, ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0)
    number = ctypes.get_errno()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return int(pid)


def use_huge_pages() -> None:
    """Join the anonymous pages of this process to huge ones, as far as the kernel does.

    A fork copies one entry per page, which for the libraries of a zygote takes most of its time.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, _, inode, *name = line.split(maxsplit=5)
        if inode != "0" or "w" not in rights or (name and not name[0].startswith(_HEAPS)):
            continue
        start, end = (int(number, 16) for number in place.split("-"))
        for page in range(-(-start // _HUGE_PAGE) * _HUGE_PAGE, end - _HUGE_PAGE + 1, _HUGE_PAGE):
            _libc.madvise(ctypes.c_void_p(page), ctypes.c_size_t(_HUGE_PAGE), _MADV_COLLAPSE)


def map_to_self(uid: int, gid: int) -> None:
    """Map one user and one group into the fresh user namespace, under their own numbers."""
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(line)


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system; see mount(2)."""
    result = _libc.mount(
        source.encode(), target.encode(), kind and kind.encode(), flags, data.encode() or None
    )
    check(result, f"mount {kind or source} at {target}")


def bind(source: str, target: str) -> None:
    """Show ``source`` and what is mounted below it at ``target`` as well."""
    mount(source, target, None, MS_BIND | MS_REC)


def make_readonly(path: str, *, recursive: bool = True, devices: bool = False) -> None:
    """Take the right to write, set-uid and devices from a mount and the mounts below it."""
    set_bits = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | (0 if devices else _MOUNT_ATTR_NODEV)
    attributes = struct.pack("=QQQQ", set_bits, 0, 0, 0)
    result = syscall(
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        path.encode(),
        _AT_RECURSIVE if recursive else 0,
        attributes,
        len(attributes),
    )
    check(result, f"make {path} read-only")


def detach(path: str) -> None:
    """Unmount ``path`` at once, even if it is in use."""
    check(_libc.umount2(path.encode(), 2), f"umount {path}")


def pivot_root(new: str, old: str) -> None:
    """Make ``new`` the root; the old root is found at ``old`` (a folder below ``new``)."""
    check(syscall(_SYS_PIVOT_ROOT, new.encode(), old.encode()), "pivot_root")


def sethostname(name: str) -> None:
    """Name the machine, as seen in this uts namespace."""
    check(_libc.sethostname(name.encode(), len(name)), "sethostname")


def die_with_parent() -> None:
    """Be killed when the thread that forked this process ends."""
    check(_libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl pdeathsig")


def set_dumpable(*, yes: bool) -> None:
    """Allow or refuse other processes of the same user to look into this one."""
    check(_libc.prctl(_PR_SET_DUMPABLE, int(yes), 0, 0, 0), "prctl dumpable")


def become_subreaper() -> None:
    """Inherit the orphans among one's descendants."""
    check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl subreaper")


def no_new_privileges() -> None:
    """Give up gaining rights by execve, for good."""
    check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no_new_privs")


def install_filter(program: bytes) -> None:
    """Install a seccomp filter; ``program`` is an array of struct sock_filter."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    no_new_privileges()
    argument = Program(len(program) // 8, program)
    check(_libc.prctl(22, 2, ctypes.byref(argument), 0, 0), "seccomp")


def drop_capabilities() -> None:
    """Empty the capability sets, bounding and ambient included."""
    for capability in range(64):
        if (
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
            and ctypes.get_errno() == errno.EINVAL
        ):
            break  # the kernel knows no more of them
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    check(syscall(_SYS_CAPSET, header, b"\0" * 24), "capset")


def become(uid: int, gid: int) -> None:
    """Change to another user and group for good, as root."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # The kernel clears the flag on such a change; /proc/self must stay ours.
    set_dumpable(yes=True)
