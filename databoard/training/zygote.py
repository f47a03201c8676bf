"""The zygote: libraries imported once, then one fork per fold.

It is started with an empty environment inside the outer wall, knows no label, no database and no
submission, and never runs a submission itself. For each request it forks a keeper; the keeper
makes the inner wall, forks the box and reports on a channel of that fold alone. So the zygote
owns no state worth corrupting, and a fold outlives neither its keeper nor the zygote.

Processes of a fold::

    zygote ── keeper, the first process of the namespaces ── the submission
           └─ keeper ── the submission                       (without namespaces)
           └─ keeper ── first process of the namespaces ── the submission
                                                             (where a library has threads)

A fork of all that is imported takes milliseconds: the fewer, and the fewer pages, the better.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from databoard.training import linux, nest, seccomp, wire
from databoard.training.wall import NAMESPACES

PRELOADED = (
    "numpy",
    "pandas",
    "scipy.sparse",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "rampwf",
    "threadpoolctl",
    "databoard.kits.workflows",
    "databoard.training.runner",
)
# The descriptors of a request, in this order; those of cgroups follow.
DESCRIPTORS = ("keeper", "runner", "log", "train", "test", "files", "X", "y")
_FIXED = {"runner": 3, "train": 4, "test": 5, "X": 6, "y": 7}
_BROKEN_WALL = 121
WITH_NAMESPACES = ("full", "ns")
# The controller of the pools that are loaded already; to look for them takes 20 ms.
_thread_pools: list[Any] = []


def preload(names: Sequence[str]) -> list[str]:
    """Import what submissions will import; an environment may lack some of it."""
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    if "threadpoolctl" in sys.modules:
        _thread_pools.append(sys.modules["threadpoolctl"].ThreadpoolController())
    return missing


def warm_up() -> None:
    """Use once what most submissions use.

    What libraries do at a first call, each box would otherwise do anew: to import, to look for
    signatures, to fill caches.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    numpy = sys.modules["numpy"]
    X = numpy.arange(24.0).reshape(12, 2)
    y = numpy.array(["a", "b", "c"] * 4)
    for model in (
        RandomForestClassifier(n_estimators=2, max_leaf_nodes=3),
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    ):
        model.fit(X, y).predict_proba(X)
    for model in (RandomForestRegressor(n_estimators=2), Ridge()):
        model.fit(X, X[:, 0]).predict(X)


def _say(channel: socket.socket, message: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        wire.send(channel, message)


def _arrange(given: Mapping[str, int]) -> None:
    """Put the fold's descriptors where the runner expects them and close all others."""
    spare = 64
    moved = {}
    for i, name in enumerate(_FIXED):
        if name in given:
            moved[name] = os.dup2(given[name], spare + i, inheritable=False)
    os.dup2(given["log"], 1)
    os.dup2(given["log"], 2)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    for name, number in _FIXED.items():
        if name in moved:
            os.dup2(moved[name], number, inheritable=False)
    top = 2 + len(_FIXED)
    os.closerange(top + 1, 4096)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", buffering=1, closefd=False, errors="backslashreplace")  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _settle(request: Mapping[str, Any]) -> None:
    """Give the box its environment, its share of threads and random numbers of its own."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.umask(0o022)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    if request["tier"] == "landlock":
        # There are no temporary files; many libraries ask for their folder without writing one.
        tempfile.tempdir = os.environ["TMPDIR"]
    cores = int(request["limits"]["cores"])
    _show_cores(cores)
    if cores != 1 and _thread_pools:
        # Libraries that come later read the environment.
        _thread_pools[0].limit(limits=cores)


def _show_cores(cores: int) -> None:
    """Have Python tell the limit of cores, by which pools of processes choose their size.

    Which of the machine's cores these are is left to its scheduler, and how much of them is used
    to the control group.
    """
    allowed = os.sched_getaffinity
    cores = min(cores, len(allowed(0)))
    counts = ("cpu_count", "process_cpu_count")
    vars(os).update({name: lambda: cores for name in counts if hasattr(os, name)})
    vars(os)["sched_getaffinity"] = lambda pid: set(sorted(allowed(pid))[:cores])


def _run(request: Mapping[str, Any], root: Path) -> NoReturn:
    """Be the box: everything is confined, the submission may come."""
    code = 1
    try:
        if request["job"] == "probe":
            from databoard.training import probe

            code = probe.main(request)
        else:
            from databoard.training import runner

            code = runner.main(request, root)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _reap_until(child: int) -> int:
    """Wait for the child, and for whatever else becomes ours meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return status


def _box_with_namespaces(
    request: Mapping[str, Any], given: dict[str, int], keeper: socket.socket
) -> NoReturn:
    """Be the first process of the namespaces: build, confine, fork the submission, reap."""
    linux.die_with_parent()
    for number in request["cgroups"]:
        os.write(number, b"0")
        os.close(number)
    if request["cgroups"]:
        # Once more, from inside the group: its name counts the boxes of this machine.
        linux.unshare(linux.CLONE_NEWCGROUP)
    files = wire.thaw_files(given.pop("files"))
    limits = request["limits"]
    nest.mount_private(int(limits["disk_mb"]), files, request["shown"])
    nest.limit(limits, extra_bytes=int(request["extra_bytes"]), count_processes=True)
    nest.seal_with_namespaces()
    linux.set_dumpable(yes=False)
    child = os.fork()
    if not child:
        keeper.close()
        linux.set_dumpable(yes=True)
        os.setsid()
        with contextlib.suppress(OSError):
            nest.be_first_victim()
        _arrange(given)
        nest.default_signals()
        os.chdir("/tmp")  # noqa: S108  (the box's own)
        _settle(request)
        _run(request, Path(nest.JOB))
    wire.close(*given.values())
    status = _reap_until(child)
    _say(keeper, {"status": status})
    os._exit(0)


def _box_without_namespaces(
    request: Mapping[str, Any], given: dict[str, int], keeper: socket.socket
) -> NoReturn:
    """Be the submission in a shared machine: Landlock and the filter, or with ``none`` nothing."""
    linux.die_with_parent()
    keeper.close()
    os.setsid()
    root = Path(request["root"])
    limits = request["limits"]
    is_confined = request["tier"] == "landlock"
    nest.limit(limits, extra_bytes=int(request["extra_bytes"]), count_processes=False)
    with contextlib.suppress(OSError):
        nest.be_first_victim()
    given.pop("files")
    _arrange(given)
    nest.default_signals()
    os.chdir(root if is_confined else root / "tmp")
    _settle(request)
    if is_confined:
        nest.seal_without_namespaces([*request["readable"], str(root)])
    _run(request, root)


def _kill_strays() -> None:
    """End every descendant of this process; orphans among them come back to it first."""
    me = os.getpid()
    while True:
        children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
        if not children:
            return
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(int(child), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.wait()


def _keep(request: dict[str, Any], descriptors: list[int], *, is_first: bool) -> NoReturn:
    """Be the keeper of one fold; never returns.

    With ``is_first`` this is already the first process of the fold's namespaces.
    """
    names = DESCRIPTORS[: len(descriptors) - request["n_cgroups"]]
    given = dict(zip(names, descriptors, strict=False))
    request["cgroups"] = descriptors[len(names) :]
    keeper = socket.socket(fileno=given.pop("keeper"))
    linux.die_with_parent()
    _say(keeper, {"hello": True})
    try:
        has_namespaces = request["tier"] in WITH_NAMESPACES
        if is_first:
            nest.settle_namespaces(*request["owner"])
            _box_with_namespaces(request, given, keeper)
        if has_namespaces:
            nest.leave_namespaces(*request["owner"])
        elif request["tier"] == "none":
            linux.become_subreaper()
        child = os.fork()
        if not child:
            box = _box_with_namespaces if has_namespaces else _box_without_namespaces
            try:
                box(request, given, keeper)
            except BaseException as error:
                # Anything that fails before the submission runs is our failure, and says so.
                _say(keeper, {"broken": f"{type(error).__name__}: {error}"[:500]})
                os._exit(_BROKEN_WALL)
        wire.close(*given.values(), *request["cgroups"])
        status = _reap_until(child)
        if request["tier"] == "none":
            _kill_strays()
        if not has_namespaces or status:
            _say(keeper, {"status": status})
    except BaseException as error:
        _say(keeper, {"broken": f"{type(error).__name__}: {error}"[:500]})
    finally:
        os._exit(0)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve(channel: socket.socket) -> None:
    """Fork a keeper per request until the trusted side closes the channel."""
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    sources: list[Any] = [channel, wake_read]
    owner = (os.getuid(), os.getgid())
    is_alone = len(list(Path("/proc/self/task").iterdir())) == 1
    while True:
        ready, _, _ = select.select(sources, [], [])
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            _reap()
        if channel not in ready:
            continue
        message = wire.receive(channel)
        if message is None:
            return
        request, descriptors = message
        is_first = is_alone and request["tier"] in WITH_NAMESPACES
        try:
            pid = linux.fork_into(NAMESPACES) if is_first else os.fork()
        except OSError as error:
            # This fold hears of it by its channel; the others must not end for it.
            print(f"no keeper: {error}", file=sys.stderr, flush=True)
            pid = -1
        if not pid:
            signal.set_wakeup_fd(-1)
            channel.close()
            wire.close(wake_read, wake_write)
            _keep({**request, "owner": owner}, descriptors, is_first=is_first)
        wire.close(*descriptors)


def main(number: int, options: str) -> None:
    """Import, say so, serve."""
    channel = socket.socket(fileno=number)
    channel.set_inheritable(False)
    # Python's own handler would let a box interrupt the first process of its namespaces.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    settings = json.loads(options)
    if settings.get("uid") is not None:
        linux.become(settings["uid"], settings["gid"])
    linux.die_with_parent()
    missing = preload([*settings["preload"], *settings.get("also", [])])
    if settings["preload"]:
        with contextlib.suppress(Exception):
            warm_up()
    seccomp.program(namespaces=True)  # assembled once, for all that are forked
    if settings["tier"] == "none":
        linux.become_subreaper()
    gc.collect()
    gc.freeze()
    linux.use_huge_pages()
    wire.send(channel, {"ready": True, "missing": missing})
    serve(channel)
