"""The inner wall: what the zygote puts around one fold, after the fork and before the submission.

Inside the outer wall nothing is left to hide but other folds, so the inner wall is fresh
namespaces of every kind, fresh file systems for whatever may be written, limits, no capabilities
and a filter of system calls. Without namespaces it is Landlock, the filter and the limits.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from databoard.training import landlock, linux, seccomp
from databoard.training.wall import NAMESPACES

MB = 1 << 20
JOB = "/job"
_INODES = 65_536
_FLAGS = linux.MS_NOSUID | linux.MS_NODEV
# More than enough for arenas and thread stacks, which count as data before they are touched.
_DATA_SLACK_MB = 256
_SIGNALS = 512
_SCORE_OF_A_VICTIM = "1000"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
# joblib stops where it sees these files and may not read them.
_COUNTS_OF_CORES = (
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
    "/sys/devices/system/cpu",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/dev/random",
    "/dev/urandom",
)


def leave_namespaces(uid: int, gid: int) -> None:
    """Enter fresh namespaces; the next fork makes the first process of the new pid namespace."""
    linux.set_dumpable(yes=True)
    linux.unshare(NAMESPACES)
    linux.map_to_self(uid, gid)


def settle_namespaces(uid: int, gid: int) -> None:
    """Be oneself in the fresh namespaces that this process was forked into."""
    linux.set_dumpable(yes=True)
    linux.map_to_self(uid, gid)


def mount_private(disk_mb: int, files: Mapping[str, bytes], shown: Iterable[str]) -> None:
    """Cover what may be written with fresh file systems, and put the job's files into one.

    /tmp and /dev/shm share one file system of ``disk_mb``; /job is read-only when this returns.
    Of the folders ``shown`` in the outer wall, those below /tmp are shown again.
    """
    below = {path: os.open(path, os.O_PATH) for path in shown if path.startswith("/tmp/")}  # noqa: S108
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc", _FLAGS | linux.MS_NOEXEC)
    size = f"size={disk_mb}m,nr_inodes={_INODES},mode=755"
    linux.mount("tmpfs", "/scratch", "tmpfs", _FLAGS, size)
    for name, target in (("tmp", "/tmp"), ("shm", "/dev/shm")):  # noqa: S108  (mount points)
        folder = Path("/scratch", name)
        folder.mkdir()
        folder.chmod(0o1777)
        linux.bind(str(folder), target)
    linux.mount("tmpfs", "/scratch", "tmpfs", _FLAGS, "size=4k,mode=000")
    for path, descriptor in below.items():
        Path(path).mkdir(parents=True)
        linux.bind(f"/proc/self/fd/{descriptor}", path)
        os.close(descriptor)
    _close_devices()
    total_kb = sum(len(data) // 1024 + 8 for data in files.values()) + 64
    linux.mount("tmpfs", JOB, "tmpfs", _FLAGS, f"size={total_kb}k,mode=755")
    write_files(Path(JOB), files)
    linux.make_readonly(JOB)
    linux.sethostname("box")


def _close_devices() -> None:
    """Make /dev read-only and its terminals unreachable: all folds share the outer wall's."""
    if Path("/dev/pts").is_dir():
        linux.mount("tmpfs", "/dev/pts", "tmpfs", _FLAGS, "size=4k,mode=000")
    if Path("/dev").is_mount():
        linux.make_readonly("/dev", recursive=False)
    # A device can be written to all the same, but its times are out of reach.
    for path in Path("/dev").iterdir():
        if os.path.ismount(path) and path.is_char_device():
            linux.make_readonly(str(path), devices=True)


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write the submission and the kit's code; the names come from the trusted side."""
    for folder in ("submission", "code"):
        (root / folder).mkdir(exist_ok=True)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def limit(limits: Mapping[str, Any], *, extra_bytes: int, count_processes: bool) -> None:
    """Set the resource limits of this process; ``extra_bytes`` of data are not its own."""
    status = Path("/proc/self/status").read_text()
    inherited = int(status.partition("VmData:")[2].split()[0]) << 10
    memory = int(limits["memory_mb"]) * MB
    cpu = int(float(limits["seconds"]) * int(limits["cores"])) + 2
    data = memory + inherited + extra_bytes + _DATA_SLACK_MB * MB
    wanted = {
        "CPU": (cpu, cpu + 1),
        "DATA": (data, data),
        # Address space is not memory; this is a backstop only.
        "AS": (8 * memory + (16 << 30) + extra_bytes,) * 2,
        "FSIZE": (max(1, int(limits["disk_mb"])) * MB,) * 2,
        "NOFILE": (512, 512),
        # A collector of crashes behind a pipe, outside of the box, takes 0 for no limit: only
        # where it finds 1, its own, does the kernel not start it.
        "CORE": (1, 1),
        "MSGQUEUE": (0, 0),
        "MEMLOCK": (0, 0),
    }
    if count_processes:
        wanted["NPROC"] = (int(limits["pids"]),) * 2
        # All boxes are one user to the kernel: what is left for this one would tell of the others.
        wanted["SIGPENDING"] = (_SIGNALS, _SIGNALS)
    for name, (soft, hard) in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}")
        top = resource.getrlimit(number)[1]
        if top != resource.RLIM_INFINITY:
            soft, hard = min(soft, top), min(hard, top)
        resource.setrlimit(number, (soft, hard))


def be_first_victim() -> None:
    """Let the kernel kill this process, not its keepers, when the box's memory is full."""
    Path("/proc/self/oom_score_adj").write_text(_SCORE_OF_A_VICTIM)


def seal_with_namespaces() -> None:
    """Drop every right that is left, inside namespaces."""
    linux.drop_capabilities()
    seccomp.install(namespaces=True)


def seal_without_namespaces(readable: Sequence[str]) -> None:
    """Take the rights that Landlock and the filter can take; no fork from here on."""
    if os.geteuid() == 0:
        linux.drop_capabilities()
    itself = str(Path("/proc/self").resolve())
    landlock.restrict([*readable, *_COUNTS_OF_CORES, itself], _DEVICES)
    seccomp.install(namespaces=False)


def default_signals() -> None:
    """Undo what Python and the zygote do with signals, but for those that Python wants ignored."""
    for number in set(range(1, 32)) - {
        signal.SIGKILL,
        signal.SIGSTOP,
        signal.SIGPIPE,
        signal.SIGXFSZ,
    }:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
