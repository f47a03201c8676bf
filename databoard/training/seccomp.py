"""The system calls that a submission never needs, as a seccomp filter.

A deny list: an allow list breaks a numerical library every few months. Denied is what reaches
other processes, the kernel's rarely used parts, or another box around the namespaces: keyrings,
file locks on shared read-only files, message queues, io_uring; and every call that came after the
list was written. The program is assembled here, so
that neither libseccomp nor a compiler is needed at run time.

The numbers are those of Linux for x86-64 and for 64-bit ARM (None: the call does not exist there).
"""

from __future__ import annotations

import errno
import functools
import os
import platform
import struct
from collections.abc import Iterator

from databoard.training import linux

_DENIED: dict[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    # memory that no limit counts, and messages around the namespaces
    "memfd_secret": (447, 447),
    "vmsplice": (278, 75),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "cachestat": (451, 451),
    "mincore": (27, 232),
    # rarely used and often broken parts of the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "lookup_dcookie": (212, 18),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "setns": (308, 268),
    "unshare": (272, 97),
    # the machine
    "sync": (162, 81),
    "syncfs": (306, 267),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "ioperm": (173, None),
    "iopl": (172, None),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}
# Denied as if the kernel did not have them. The flags of clone3 are out of a filter's sight, and
# libc falls back to clone; flock and memfd_create cross boxes or escape the count of memory;
# where the pages of a file in memory shall lie is kept with the file, for all that map it and
# beyond every count of memory; preadv2 and queued reads tell whether another box has read a page
# of a shared file, and the queues that a machine may have are counted over all its boxes.
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    "preadv2": (327, 286),
    "io_setup": (206, 0),
    "clone3": (435, 435),
    "flock": (73, 32),
    "mbind": (237, 235),
    "set_mempolicy_home_node": (450, 450),
    "memfd_create": (319, 279),
}
# Setting rights and owners writes the time of the change, which a socket that is gone hands on
# to the next one made.
_RIGHTS: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
}
# Where there are no namespaces: no sockets and no signals, and none of the calls on files that
# Landlock lets through: the user of a box may own files of the server. Of prlimit64 only looking
# is left.
_DENIED_WITHOUT_NAMESPACES: dict[str, tuple[int | None, int | None]] = {
    **_RIGHTS,
    "truncate": (76, 45),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
}
# Setting a file's times, with the place of the pointer to them. The kernel does not wipe those of
# a socket that is gone: the next box to make one would read there what the last box wrote.
_TIMES = (((132, None), 1), ((235, None), 1), ((261, None), 2), ((280, 88), 2))
_FORK: dict[str, tuple[int | None, int | None]] = {"fork": (57, None), "vfork": (58, None)}
_CLONE, _IOCTL, _FCNTL, _MMAP, _PRCTL = (56, 220), (16, 29), (72, 25), (9, 222), (157, 167)
_SOCKET, _SOCKETPAIR = (41, 198), (53, 199)
_MADVISE, _SETSOCKOPT = (28, 233), (54, 208)
_SETRLIMIT, _PRLIMIT = (160, 164), (302, 261)
_KILL_CALLS = ((62, 129), (234, 131))  # kill and tgkill

_NEW_NAMESPACES = 0x7E020000
_CLONE_THREAD = 0x00010000
# Moving the pages of a file that several boxes map: to disk, or together into a huge one.
_MADV_COLD, _MADV_PAGEOUT, _MADV_COLLAPSE = 20, 21, 25
# No limit but the control group's counts what waits in sockets.
_SO_SNDBUF, _SO_RCVBUF = 7, 8
# Who gets the signals that a file sends: without namespaces it could be anybody.
_SET_OWNER_COMMANDS = (8, 10, 15)
# All that is asked of streams and sockets: TCGETS, SIOCOUTQ, TIOCGWINSZ, FIONREAD, FIONBIO,
# FIONCLEX, FIOCLEX, TCGETS2. File systems have others, past the rights that Landlock knows, and
# the channel to the trusted side, which belongs to the machine's network, tells about that.
_REQUESTS = (0x5401, 0x5411, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)
_AF_UNIX = 1
# The bit that datagrams and raw sockets have, and streams have not: even of a pair they may be
# sent to any path, such as that of the machine's log.
_SOCK_DGRAM = 2
_RLIMIT_CORE = 4
_PR_SET_PDEATHSIG = 1
# Of the pages that the machine keeps for others; no limit of a box counts them.
_MAP_HUGETLB = 0x40000
# What newer kernels have is absent, as on the kernel of the day: the first is open_tree_attr.
_FIRST_UNKNOWN = 467
# Locks, leases, directory notes and hints on files that several boxes see.
_FCNTL_COMMANDS = (5, 6, 7, 36, 37, 38, 1024, 1026, 1036, 1038)

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_ARGUMENTS = 0, 4, 16

_Instruction = tuple[int, int, int, int]


def _refuse(number: int) -> _Instruction:
    return (_RETURN, 0, 0, 0x00050000 | number)


def _calls(
    table: dict[str, tuple[int | None, int | None]], column: int, error: int
) -> Iterator[_Instruction]:
    for numbers in table.values():
        number = numbers[column]
        if number is not None:
            yield (_JUMP_EQUAL, 0, 1, number)
            yield _refuse(error)


def _argument(
    number: int, position: int, tests: list[tuple[int, int]], error: int, *, unless: bool = False
) -> Iterator[_Instruction]:
    """Refuse the call if one of the tests on an argument holds, or with ``unless`` if none does.

    The lower half of the argument is all that the kernel reads of it in the calls filtered here.
    """
    body: list[_Instruction] = [(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * position)]
    for left, (jump, value) in zip(range(len(tests), 0, -1), tests, strict=True):
        hit = left if unless else left - 1
        body.append((jump, hit, (0 if left > 1 else int(not unless)), value))
    body.append(_refuse(error))
    body.append((_LOAD, 0, 0, _OFFSET_NUMBER))
    yield (_JUMP_EQUAL, 0, len(body), number)
    yield from body


def _keep_times(column: int) -> Iterator[_Instruction]:
    """Leave the times of every file as they are.

    Giving times, as `shutil.copy2` does, is said to have worked: what copies a file must not fail
    for it. Without times ("now") the call is refused, upon which `Path.touch` makes the file.
    """
    for numbers, position in _TIMES:
        number = numbers[column]
        if number is not None:
            yield from _argument(number, position, [(_JUMP_EQUAL, 0)], errno.EPERM)
            yield (_JUMP_EQUAL, 0, 1, number)
            yield _refuse(0)


@functools.cache
def program(*, namespaces: bool, pid: int = 0, machine: str | None = None) -> bytes:
    """Assemble the filter.

    Parameters
    ----------
    namespaces : bool
        Whether the process has pid, network and ipc namespaces of its own. If not, it may neither
        fork (a child could outlive its limits) nor open any socket nor send signals to others.
    pid : int
        Without namespaces the process itself, which may send itself signals in any case.
    machine : str, optional
        ``x86_64`` or ``aarch64``; this machine by default.

    Raises
    ------
    OSError
        If there is no filter for the machine.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT_ARCH:
        raise OSError(errno.ENOSYS, f"no seccomp filter for {machine}")
    column = list(_AUDIT_ARCH).index(machine)
    code: list[_Instruction] = [
        (_LOAD, 0, 0, _OFFSET_ARCH),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        code += [(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    code += [(_JUMP_GREATER_EQUAL, 0, 1, _FIRST_UNKNOWN), _refuse(errno.ENOSYS)]
    code += _calls(_DENIED, column, errno.EPERM)
    code += _calls(_ABSENT, column, errno.ENOSYS)
    asked = [(_JUMP_EQUAL, request) for request in _REQUESTS]
    code += _argument(_IOCTL[column], 1, asked, errno.ENOTTY, unless=True)
    advice = [(_JUMP_EQUAL, one) for one in (_MADV_COLD, _MADV_PAGEOUT, _MADV_COLLAPSE)]
    code += _argument(_MADVISE[column], 2, advice, errno.EINVAL)
    code += _argument(_CLONE[column], 0, [(_JUMP_SET, _NEW_NAMESPACES)], errno.EPERM)
    code += _argument(_MMAP[column], 3, [(_JUMP_SET, _MAP_HUGETLB)], errno.EPERM)
    for number, position in ((_SETRLIMIT[column], 0), (_PRLIMIT[column], 1)):
        code += _argument(number, position, [(_JUMP_EQUAL, _RLIMIT_CORE)], errno.EPERM)
    locks = [(_JUMP_EQUAL, command) for command in _FCNTL_COMMANDS]
    code += _argument(_FCNTL[column], 1, locks, errno.ENOLCK)
    family = [(_JUMP_EQUAL, _AF_UNIX)]
    code += _argument(_SOCKETPAIR[column], 0, family, errno.EAFNOSUPPORT, unless=True)
    sizes = [(_JUMP_EQUAL, option) for option in (_SO_SNDBUF, _SO_RCVBUF)]
    code += _argument(_SETSOCKOPT[column], 2, sizes, 0)
    if namespaces:
        code += _argument(_SOCKET[column], 0, family, errno.EAFNOSUPPORT, unless=True)
        code += _keep_times(column)
        code += _calls(_RIGHTS, column, 0)
    else:
        code += _calls(_DENIED_WITHOUT_NAMESPACES, column, errno.EPERM)
        code += _calls(_FORK, column, errno.EAGAIN)
        for numbers in _KILL_CALLS:
            itself = [(_JUMP_EQUAL, pid)]
            code += _argument(numbers[column], 0, itself, errno.EPERM, unless=True)
        owners = [(_JUMP_EQUAL, command) for command in _SET_OWNER_COMMANDS]
        code += _argument(_FCNTL[column], 1, owners, errno.EPERM)
        letters = [(_JUMP_SET, _SOCK_DGRAM)]
        code += _argument(_SOCKETPAIR[column], 1, letters, errno.EPERM)
        # It must end when its keeper does.
        bond = [(_JUMP_EQUAL, _PR_SET_PDEATHSIG)]
        code += _argument(_PRCTL[column], 0, bond, errno.EPERM)
        thread = [(_JUMP_SET, _CLONE_THREAD)]
        code += _argument(_CLONE[column], 0, thread, errno.EAGAIN, unless=True)
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def install(*, namespaces: bool) -> None:
    """Filter the system calls of this process and of all that it starts, for good."""
    # Whose namespaces hold nobody else needs no number, and finds the zygote's program.
    pid = 0 if namespaces else os.getpid()
    linux.install_filter(program(namespaces=namespaces, pid=pid))
