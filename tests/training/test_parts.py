"""The small parts: messages, parcels, logs, verdicts, filters, groups, paths."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from databoard.errors import KitError
from databoard.training import cgroups, parcel, seccomp, verdicts, wire
from databoard.training.cgroups import Cgroup, Hierarchy
from databoard.training.log import Log
from databoard.training.paths import folders_of_paths
from databoard.training.processes import Confined
from databoard.training.wall import View, outermost
from databoard.training.wire import FoldTask, Limits

TASK = FoldTask(Path("x"), "p", None, 2, Limits(memory_mb=2048))


# ------------------------------------------------------------------ wire
@pytest.mark.parametrize("shape", [(3,), (2, 3), (150_000, 10), (2, 3, 4)])
def test_our_header_is_numpys(shape: tuple[int, ...]) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(shape))

    assert wire.npy_header(shape) == stream.getvalue()[:128]
    assert wire.npy_size(shape) == len(stream.getvalue())


def test_a_frozen_file_cannot_be_changed() -> None:
    number = wire.freeze([b"one", b"two"])

    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(number, b"x", 0)
    assert wire.contents(number) == b"onetwo"
    os.close(number)


def test_a_blank_file_keeps_its_size() -> None:
    number = wire.blank(64)

    os.pwrite(number, b"x" * 64, 0)
    for size in (0, 65):
        with pytest.raises(OSError, match="not permitted"):
            os.ftruncate(number, size)
    os.close(number)


def test_files_cross_under_their_names() -> None:
    files = {"code/problem.py": b"a\nb", "submission/empty.py": b"", "submission/ü.csv": b"\0\xff"}
    number = wire.freeze_files(files)

    assert wire.thaw_files(number) == files
    os.close(number)


def test_messages_carry_descriptors() -> None:
    here, there = wire.channel_pair()
    wire.send(here, {"a": 1}, [0])

    message = wire.receive(there)

    assert message is not None
    assert message[0] == {"a": 1}
    assert len(message[1]) == 1
    os.close(message[1][0])
    here.close()
    assert wire.receive(there) is None
    there.close()


# ------------------------------------------------------------------ parcel
def test_a_parcel_keeps_values_types_and_alignment() -> None:
    value = (
        np.arange(7.0),
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}),
        np.asfortranarray(np.ones((3, 4))),
        ["ragged", [1, 2]],
    )
    number = parcel.seal(value)

    array, frame, fortran, ragged = parcel.unseal(number)

    assert array.tolist() == value[0].tolist()
    assert array.ctypes.data % 64 == 0
    assert fortran.flags.f_contiguous
    pd.testing.assert_frame_equal(frame, value[1])
    assert ragged == value[3]
    os.close(number)


def test_what_one_reader_writes_another_does_not_see() -> None:  # L4
    number = parcel.seal(np.zeros(1000))
    first, second = parcel.unseal(number), parcel.unseal(number)

    first[:] = 7

    assert second.sum() == 0
    assert parcel.unseal(number).sum() == 0
    os.close(number)


# ------------------------------------------------------------------ log
def test_a_log_is_cut_in_two_and_counted() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    pieces: list[bytes] = []
    log = Log(read, 8, pieces.append)

    os.write(write, b"before")
    log.hide()
    os.write(write, b"after this")
    os.close(write)
    log.read()

    assert (log.public, log.hidden, log.dropped) == (b"before", b"af", 8)
    assert pieces == [b"before"]
    assert not log.is_open
    os.close(read)


# ------------------------------------------------------------------ verdicts
def test_a_limit_is_named_with_its_fold() -> None:
    verdict = verdicts.reached(TASK, "training", "memory")

    assert verdict.message == "memory: 2,048 MB limit reached in fold 3"
    assert (verdict.state, verdict.fault, verdict.limit) == ("training_error", "team", "memory")


@pytest.mark.parametrize(
    ("number", "limit"),
    [(errno.ENOSPC, "disk"), (errno.EAGAIN, "processes"), (errno.ENOMEM, "memory"), (2, "")],
)
def test_an_errno_may_be_a_limit(number: int, limit: str) -> None:
    verdict = verdicts.of_report(TASK, "training", {"type": "OSError", "errno": number})

    assert verdict.limit == limit


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"type": 3, "message": [], "file": {}, "line": "x", "traceback": None, "errno": "28"},
        {"type": "<script>", "message": "\x00\x1b", "file": "a\nb", "line": True},
        {"type": "E" * 10_000, "message": "m" * 100_000, "file": "f" * 10_000, "line": 10**30},
    ],
)
def test_no_report_confuses_the_judge(report: dict[str, object]) -> None:
    for step in ("training", "validating", "testing"):
        verdict = verdicts.of_report(TASK, step, report)  # type: ignore[arg-type]
        assert verdict.fault == "team"
        assert len(verdict.message) <= 200
        assert verdict.message.isprintable()


def test_after_the_test_data_only_a_known_type_is_named() -> None:  # L11
    report = {"type": "Secret0101", "message": "0101", "file": "c.py", "line": 3}

    message = verdicts.of_report(TASK, "testing", report).message

    assert message.startswith("an exception of its own (c.py, line 3)")
    assert "0101" not in message


def test_what_a_submission_says_of_itself_is_marked() -> None:  # L11
    said = {"type": "KeyError", "message": "0110", "traceback": ""}

    assert verdicts.of_report(TASK, "training", said).is_quoted
    assert verdicts.of_report(TASK, "validating", said).is_quoted
    assert not verdicts.of_report(TASK, "testing", said).is_quoted
    assert not verdicts.of_report(TASK, "training", {"type": "MemoryError"}).is_quoted


def test_a_box_cannot_blame_the_organiser_once_it_trains() -> None:
    report = {"type": "KitError", "organiser": True}

    assert verdicts.of_report(TASK, "starting", report).fault == "organiser"
    assert verdicts.of_report(TASK, "training", report).fault == "team"


def test_what_fails_before_the_code_is_loaded_is_ours() -> None:
    report = {"type": "TypeError", "message": "only integer scalar arrays"}

    verdict = verdicts.of_report(TASK, "starting", report)

    assert verdict.fault == "ours"
    assert "TypeError: only integer" in verdict.message


def test_a_process_that_is_closed_twice_closes_nothing_of_others(tmp_path: Path) -> None:
    view = View(["/bin/false", "{channel}"], {}, [])
    process = Confined(view, walled=False)
    process.close()
    taken = [os.open(tmp_path, os.O_RDONLY) for _ in range(8)]  # the lowest numbers are reused

    process.close()

    wire.close(*taken)  # raises where one of them is closed already


def test_a_process_is_quoted_by_the_end_of_what_it_printed() -> None:
    words = "head -c 100000 /dev/zero | tr '\\0' x; echo; echo the end"
    process = Confined(View(["/bin/sh", "-c", words, "{channel}"], {}, []), walled=False)
    process.process.wait()

    assert process.said().endswith("x\nthe end")
    process.close()


def test_a_process_that_prints_for_ever_fills_no_disk() -> None:
    process = Confined(View(["/bin/sh", "-c", "yes again", "{channel}"], {}, []), walled=False)
    try:
        printed = Path(f"/proc/{process.process.pid}/fd/1").stat()

        assert stat.S_ISFIFO(printed.st_mode)  # not a file, wherever it lies
        assert process.said().endswith("again")
        assert process.is_alive
    finally:
        process.close()


def test_a_process_that_cannot_be_started_keeps_no_other_from_it() -> None:
    with pytest.raises(ValueError, match="null byte"):
        Confined(View(["/bin/\0"], {}, []), walled=False)

    process = Confined(View(["/bin/true", "{channel}"], {}, []), walled=False)
    assert process.process.wait() == 0
    process.close()


FORKLESS = """
import os, resource, socket, sys
from databoard.training import zygote
channel = socket.socket(fileno=int(sys.argv[1]))
if not os.getuid():
    os.setuid(60_100)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
zygote.serve(channel)
"""


def test_a_zygote_outlives_a_fork_that_fails() -> None:
    ours, theirs = wire.channel_pair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", FORKLESS, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
    with ours:
        for _ in range(2):
            read, write = os.pipe()
            wire.send(ours, {"tier": "landlock", "n_cgroups": 0}, [write])
            wire.close(write)
            assert os.read(read, 1) == b""  # what was sent along is closed
            wire.close(read)
    assert process.communicate()[1].count(b"no keeper") == 2
    assert process.returncode == 0


def test_descriptors_are_closed_once(tmp_path: Path) -> None:
    number = os.open(tmp_path, os.O_RDONLY)
    wire.close(number)

    with pytest.raises(OSError, match="Bad file descriptor"):
        wire.close(number)


def test_signals_have_names() -> None:
    verdict = verdicts.of_status(TASK, "training", 11, out_of_memory=False)

    assert "SIGSEGV" in verdict.message


# ------------------------------------------------------------------ seccomp
def _run_filter(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Run a filter as the kernel does, on one call."""
    data = struct.pack("=iIQ6Q", number, arch, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at, value = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, k)
        elif operation == 0x06:
            return k
        else:
            hit = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[operation]
            at += yes if hit else no


ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X86 = MACHINES["x86_64"]


def _refused(error: int) -> int:
    return 0x00050000 | error


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((0,), ALLOW),  # read
        ((1,), ALLOW),  # write
        ((101,), _refused(errno.EPERM)),  # ptrace
        ((435,), _refused(errno.ENOSYS)),  # clone3
        ((319,), _refused(errno.ENOSYS)),  # memfd_create
        ((41, 1), ALLOW),  # socket(AF_UNIX)
        ((41, 2), _refused(errno.EAFNOSUPPORT)),  # socket(AF_INET)
        ((41, 40), _refused(errno.EAFNOSUPPORT)),  # socket(AF_VSOCK)
        ((56, 0x10000000), _refused(errno.EPERM)),  # clone(CLONE_NEWUSER)
        ((56, 17), ALLOW),  # fork by clone
        ((56, 0x3D0F00), ALLOW),  # a thread
        ((16, 1, 0x5412), _refused(errno.ENOTTY)),  # ioctl(TIOCSTI)
        ((16, 3, 0x8912), _refused(errno.ENOTTY)),  # ioctl(SIOCGIFCONF)
        ((28, 0, 4096, 25), _refused(errno.EINVAL)),  # madvise(MADV_COLLAPSE)
        ((28, 0, 4096, 14), ALLOW),  # madvise(MADV_HUGEPAGE)
        ((237,), _refused(errno.ENOSYS)),  # mbind
        ((91, 3, 0o777), _refused(0)),  # fchmod, which stays without effect
        ((54, 3, 1, 7), _refused(0)),  # setsockopt(SO_SNDBUF)
        ((54, 3, 1, 9), ALLOW),  # setsockopt(SO_KEEPALIVE)
        ((16, 1, 0x5401), ALLOW),  # ioctl(TCGETS)
        ((72, 3, 6), _refused(errno.ENOLCK)),  # fcntl(F_SETLK)
        ((72, 3, 1030), ALLOW),  # fcntl(F_DUPFD_CLOEXEC)
        ((62, 1), ALLOW),  # kill
        ((157, 1), ALLOW),  # prctl(PR_SET_PDEATHSIG)
        ((53, 1), ALLOW),  # socketpair(AF_UNIX)
        ((53, 30), _refused(errno.EAFNOSUPPORT)),  # socketpair(AF_TIPC)
        ((9, 0, 4096, 3, 0x22), ALLOW),  # mmap
        ((9, 0, 4096, 3, 0x40022), _refused(errno.EPERM)),  # mmap(MAP_HUGETLB)
        ((160, 7), ALLOW),  # setrlimit(RLIMIT_NOFILE)
        ((160, 4), _refused(errno.EPERM)),  # setrlimit(RLIMIT_CORE)
        ((302, 0, 4), _refused(errno.EPERM)),  # prlimit64(RLIMIT_CORE)
        ((206,), _refused(errno.ENOSYS)),  # io_setup
        ((280, 3, 0, 8, 0), _refused(0)),  # utimensat: futimens with times, which stay
        ((280, 3, 8, 8, 0), _refused(0)),
        ((280, 3, 8, 0, 0), _refused(errno.EPERM)),  # to now
        ((235, 8, 0), _refused(errno.EPERM)),  # utimes
        ((235, 8, 8), _refused(0)),
        ((462,), ALLOW),  # mseal
        ((467,), _refused(errno.ENOSYS)),  # open_tree_attr, and whatever follows
        ((5000,), _refused(errno.ENOSYS)),
        ((0x40000000 | 1,), KILL),  # x32
    ],
)
def test_the_filter_inside_namespaces(call: tuple[int, ...], expected: int) -> None:  # X8
    assert _run_filter(seccomp.program(namespaces=True, machine="x86_64"), X86, *call) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((41, 1), _refused(errno.EPERM)),  # no socket at all
        ((56, 17), _refused(errno.EAGAIN)),  # no fork
        ((57,), _refused(errno.EAGAIN)),
        ((56, 0x3D0F00), ALLOW),  # threads
        ((62, 1), _refused(errno.EPERM)),  # kill somebody
        ((62, 4242), ALLOW),  # kill oneself
        ((234, 4242, 4242, 6), ALLOW),  # abort
        ((234, 1, 1, 9), _refused(errno.EPERM)),
        ((53, 1), ALLOW),  # socketpair(AF_UNIX)
        ((53, 1, 0x80005), ALLOW),  # a pair that keeps borders
        ((53, 1, 0x80002), _refused(errno.EPERM)),  # a pair for letters
        ((53, 30), _refused(errno.EAFNOSUPPORT)),  # socketpair(AF_TIPC)
        ((72, 3, 8), _refused(errno.EPERM)),  # fcntl(F_SETOWN)
        ((72, 3, 4), ALLOW),  # fcntl(F_SETFL)
        ((16, 3, 0x8901), _refused(errno.ENOTTY)),  # ioctl(FIOSETOWN)
        ((16, 3, 0x40806685), _refused(errno.ENOTTY)),  # ioctl(FS_IOC_ENABLE_VERITY)
        ((16, 3, 0x40086602), _refused(errno.ENOTTY)),  # ioctl(FS_IOC_SETFLAGS)
        ((16, 3, 0x5421), ALLOW),  # ioctl(FIONBIO)
        ((157, 1), _refused(errno.EPERM)),  # prctl(PR_SET_PDEATHSIG)
        ((157, 15), ALLOW),  # prctl(PR_SET_NAME)
    ],
)
def test_the_filter_without_namespaces(call: tuple[int, ...], expected: int) -> None:
    program = seccomp.program(namespaces=False, pid=4242, machine="x86_64")

    assert _run_filter(program, X86, *call) == expected


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("namespaces", [True, False])
def test_a_foreign_abi_is_death(machine: str, *, namespaces: bool) -> None:  # X8
    program = seccomp.program(namespaces=namespaces, machine=machine)

    assert _run_filter(program, 0x40000003, 20) == KILL
    assert _run_filter(program, MACHINES[machine], 63) == ALLOW
    assert len(program) // 8 < 4096


def test_there_is_no_filter_for_an_unknown_machine() -> None:
    with pytest.raises(OSError, match="riscv64"):
        seccomp.program(namespaces=True, machine="riscv64")


# ------------------------------------------------------------------ cgroups, version 2 on paper
def _delegated(root: Path) -> Path:
    group = root / "service"
    group.mkdir()
    (group / "cgroup.controllers").write_text("cpu memory pids")
    (group / "cgroup.subtree_control").write_text("")
    (group / "cgroup.procs").write_text("")
    return group


def test_a_delegated_group_gives_its_controllers_to_folds(tmp_path: Path) -> None:
    group = _delegated(tmp_path)

    hierarchy = cgroups._version_2(group)

    assert hierarchy == Hierarchy(2, (group,))
    asked = (group / "cgroup.subtree_control").read_text().split()
    assert sorted(asked) == ["+cpu", "+memory", "+pids"]


def test_a_group_without_memory_is_none(tmp_path: Path) -> None:
    group = _delegated(tmp_path)
    (group / "cgroup.controllers").write_text("hugetlb")

    with pytest.raises(cgroups.NoCgroupError, match="not delegated"):
        cgroups._version_2(group)


def test_limits_are_written_before_anybody_enters(tmp_path: Path) -> None:
    cgroup = Cgroup(Hierarchy(2, (tmp_path,)), 7, Limits(memory_mb=100, pids=9, cores=2))

    folder = tmp_path / f"databoard-{os.getpid()}-7"
    assert (folder / "memory.max").read_text() == str(100 << 20)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert (folder / "pids.max").read_text() == "9"
    assert (folder / "cpu.max").read_text() == "200000 100000"
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert cgroup.is_out_of_memory()


def test_the_sweep_removes_what_dead_trainers_left(tmp_path: Path) -> None:  # R20
    for name in ("databoard-999999999-1", f"databoard-{os.getpid()}-1", "somebody-else"):
        (tmp_path / name).mkdir()

    assert cgroups.sweep(Hierarchy(2, (tmp_path,))) == 1

    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"databoard-{os.getpid()}-1", "somebody-else"]


# ------------------------------------------------------------------ paths, wall
def test_folders_of_images_are_found(tmp_path: Path) -> None:
    images = tmp_path / "data" / "images"
    images.mkdir(parents=True)
    for name in ("1.png", "2.png"):
        (images / name).touch()
    X = np.array([str(images / "1.png"), str(images / "2.png")], dtype=object)

    assert folders_of_paths([X, None], tmp_path) == [str(images)]
    assert folders_of_paths([(str(images), np.arange(3))], tmp_path) == [str(images)]
    assert folders_of_paths([pd.DataFrame({"file": ["data/images/1.png"]})], tmp_path) == [
        str(images)
    ]
    assert folders_of_paths([np.arange(4.0), ["no/such/file", "/etc/passwd"]], tmp_path) == []


def test_the_folder_of_labels_is_never_shown(tmp_path: Path) -> None:  # L1
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.png").touch()

    with pytest.raises(KitError, match="labels"):
        folders_of_paths([["data/1.png"]], tmp_path)


def test_only_outermost_folders_are_shown() -> None:
    assert outermost(["/a/b", "/a", "/ab", "/a/c/d"]) == ["/a", "/ab"]


def test_the_view_travels_as_json() -> None:
    from databoard.training.wall import View

    view = View(command=["x"], environment={"A": "b"}, shown=[("/a", "/b")], uid=5, gid=5)

    assert View(**json.loads(view.argv()[-1])).environment == {"A": "b"}


def _when_read(descriptor: int) -> int:
    return os.fstat(descriptor).st_atime_ns


@pytest.mark.parametrize("shared", [True, False])
def test_two_openings_of_a_parcel_share_nothing_that_can_be_written(shared: bool) -> None:  # L5
    parcel = wire.freeze([b"X" * 10_000])
    one, other = (wire.opened_anew(parcel, shared=shared) for _ in range(2))
    before = _when_read(other)

    os.lseek(one, 4711, os.SEEK_SET)
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_NONBLOCK)
    time.sleep(0.01)
    assert os.pread(one, 10_000, 0) == wire.contents(other)

    assert os.lseek(other, 0, os.SEEK_CUR) == 0
    assert not fcntl.fcntl(other, fcntl.F_GETFL) & os.O_NONBLOCK
    if not shared:
        assert os.fstat(one).st_ino != os.fstat(other).st_ino
    elif os.fstat(one).st_ino == os.fstat(other).st_ino:
        assert _when_read(other) == before
    for descriptor in (one, other):
        with pytest.raises(OSError, match=r"not permitted|Invalid argument"):
            os.ftruncate(descriptor, 1)
    wire.close(parcel, one, other)
