"""The trusted side of one fold: asks for the box, keeps the clock, judges what comes of it.

Nothing that the box says is believed but numbers of the expected form. Times are ours, the order
of events is enforced, the training predictions are copied before the test data go in, and the
verdict comes from descriptors and wait statuses, never from printed text.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import selectors
import signal
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from databoard.training import predictions, staging, verdicts, watchdog, wire
from databoard.training.box import Isolation, Zygote, box_environment
from databoard.training.cgroups import Cgroup
from databoard.training.log import Log
from databoard.training.shuffling import Rows
from databoard.training.wall import SCRATCH
from databoard.training.wire import FoldEvent, FoldResult, FoldTask, Form, Step, Verdict

MB = 1 << 20
_WATCH_S = 0.05
_HELLO_S = 10.0
_END_S = 1.5
_NEXT: dict[Step, tuple[str, Step]] = {
    "starting": ("training", "training"),
    "training": ("trained", "validating"),
    "validating": ("validated", "testing"),
}
_numbers = itertools.count(1)


class ZygoteDiedError(OSError):
    """The zygote went away under a fold; nobody's fault but ours."""


@dataclass(frozen=True)
class FoldData:
    """What a box gets, and what is expected of it.

    Attributes
    ----------
    workflow : str
        For `databoard.kits.workflows.load_workflow`.
    files : mapping
        Bytes by name: ``code/problem.py``, ``submission/classifier.py``.
    X_train, y, X_test : int or None
        Descriptors of parcels; ``y`` holds labels of the training rows only.
    train_form, test_form : Form
    are_probabilities : bool
        Whether a strict event refuses rows that are not probabilities.
    train_rows, test_rows : ndarray of int of shape (n_rows,) or None
        Which rows the data hold at each place, where they were shuffled.
    owner : object
        Whatever closes the descriptors when nobody needs it any more: kept until the fold ends,
        as a number that was closed may be another file's by then.
    """

    workflow: str
    files: Mapping[str, bytes]
    X_train: int
    y: int
    X_test: int | None
    train_form: Form
    test_form: Form | None
    are_probabilities: bool = False
    train_rows: Rows | None = None
    test_rows: Rows | None = None
    owner: object = None

    def in_order(self, result: FoldResult) -> FoldResult:
        """Return the result with its predictions in the order of the data."""
        train, test = result.y_pred_train, result.y_pred_test
        if train is not None and self.train_rows is not None:
            train = predictions.put_back(train, self.train_rows)
        if test is not None and self.test_rows is not None:
            test = predictions.put_back(test, self.test_rows)
        return replace(result, y_pred_train=train, y_pred_test=test)


@dataclass
class _Progress:
    """What has happened so far, by our clock."""

    step: Step = "starting"
    since: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    y_pred: dict[str, bytes] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)


class FoldRun:
    """One fold in one box.

    Parameters
    ----------
    task : FoldTask
    data : FoldData
    zygote : Zygote
    isolation : Isolation
    on_event : callable
        Gets each `FoldEvent`, in the thread of the fold; must not raise.
    cancel : int
        A descriptor that becomes readable when the fold is to be cancelled.
    """

    def __init__(
        self,
        task: FoldTask,
        data: FoldData,
        zygote: Zygote,
        isolation: Isolation,
        on_event: Callable[[FoldEvent], None],
        cancel: int,
    ) -> None:
        self.task = task
        self.data = data
        self.zygote = zygote
        self.isolation = isolation
        self.on_event = on_event
        self.cancel = cancel
        self.progress = _Progress()
        self.verdict: Verdict | None = None
        self.peak = 0
        self._keeper_pid = 0
        self._keeper_pidfd = -1
        self._next_watch = 0.0
        self._is_over = False
        self.status: int | None = None

    def run(self) -> FoldResult:
        """Train the fold.

        Raises
        ------
        ZygoteDiedError
            If there was no box; the fold may be tried again.
        """
        with contextlib.ExitStack() as stack:
            self._cgroup = self._make_cgroup(stack)
            self._open(stack)
            self._start = self.progress.since = time.monotonic()
            self._ask(stack)
            self._deadline = self._start + self.task.limits.seconds
            try:
                self._watch()
                self._end()
            finally:
                self._kill()  # whatever went wrong: the box must not train on
        return self._result()

    # -------------------------------------------------------------- preparation
    def _make_cgroup(self, stack: contextlib.ExitStack) -> Cgroup | None:
        if self.isolation.cgroups is None or self.isolation.tier != "full":
            return None
        return stack.enter_context(Cgroup(self.isolation.cgroups, next(_numbers), self.task.limits))

    def _open(self, stack: contextlib.ExitStack) -> None:
        """Make the channels; the box's ends are closed once the request is sent."""
        self.keeper, self._keeper_end = wire.channel_pair()
        self.runner, self._runner_end = wire.channel_pair()
        # It belongs to the machine's network: with a name of its own, a box can give it no other.
        self._runner_end.bind("")
        self.keeper.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        read, self._log_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(read, False)
        limits = self.task.limits
        notice = f"\n[{verdicts.of_limit('output', limits, self.task.fold)}]\n".encode()
        self.log = Log(read, limits.output_kb * 1024, self._on_log, notice)
        self._memory = {"train": wire.blank(self.data.train_form.capacity)}
        if self.data.test_form is not None:
            self._memory["test"] = wire.blank(self.data.test_form.capacity)
        else:
            self._memory["test"] = wire.blank(wire.NPY_HEADER_BYTES)
        stack.callback(wire.close, read, *self._memory.values())
        stack.callback(self.keeper.close)
        stack.callback(self.runner.close)

    def _ask(self, stack: contextlib.ExitStack) -> None:
        """Send the request and what belongs to it."""
        with contextlib.ExitStack() as ours:  # the box has its own once the request is sent
            ends = (self._keeper_end, self._runner_end)
            passed = [ours.enter_context(end).fileno() for end in ends]

            def lend(number: int) -> None:
                ours.callback(wire.close, number)
                passed.append(number)

            lend(self._log_end)
            passed += [self._memory["train"], self._memory["test"]]
            lend(wire.freeze_files(self.data.files))
            lend(self._own(self.data.X_train))
            lend(self._own(self.data.y))
            doors = self._cgroup.doors() if self._cgroup else []
            for door in doors:
                lend(door)
            try:
                self.zygote.fork(self._request(stack, len(doors)), passed)
            except OSError as error:
                raise ZygoteDiedError(str(error)) from error

    def _own(self, parcel: int) -> int:
        """Open a parcel for this box alone: no other box may notice what it does with it."""
        return wire.opened_anew(parcel, shared=self.isolation.uid is not None)

    def _request(self, stack: contextlib.ExitStack, n_cgroups: int) -> dict[str, Any]:
        test_form = self.data.test_form or Form("any", (0,))
        tier, root, home = self.isolation.tier, "", SCRATCH
        if tier in ("landlock", "none"):
            root = stack.enter_context(staging.staged(self.data.files))
            home = root if tier == "landlock" else str(Path(root, "tmp"))
        inside = os.fstat(self.data.X_train).st_size
        if self.data.X_test is not None:
            inside += os.fstat(self.data.X_test).st_size
        return {
            "job": "fold",
            "tier": tier,
            "limits": asdict(self.task.limits),
            "environment": box_environment(self.task.limits.cores, home),
            "extra_bytes": inside + sum(os.fstat(n).st_size for n in self._memory.values()),
            "workflow": self.data.workflow,
            "train_form": asdict(self.data.train_form),
            "test_form": asdict(test_form),
            "root": root,
            "readable": self.zygote.readable,
            "shown": self.zygote.shown,
            "n_cgroups": n_cgroups,
        }

    # -------------------------------------------------------------- the loop
    def _watch(self) -> None:
        """Follow the fold to its end or to the first reason to end it."""
        with selectors.DefaultSelector() as selector:
            for number, read in (
                (self.keeper, self._read_keeper),
                (self.runner, self._read_runner),
                (self.log.descriptor, self._read_log),
                (self.cancel, self._read_cancel),
            ):
                selector.register(number, selectors.EVENT_READ, read)
            while not self._is_over and self.verdict is None:
                for key, _ in selector.select(self._patience()):
                    key.data()
                    if not self.log.is_open and key.fd == self.log.descriptor:
                        selector.unregister(self.log.descriptor)
                    if self._is_over or self.verdict is not None:
                        break
                self._check_limits()

    def _patience(self) -> float:
        left = self._deadline - time.monotonic()
        if not self._keeper_pid:
            left = min(left, 0.5)
        return max(0.0, left if self._cgroup else min(left, _WATCH_S))

    def _check_limits(self) -> None:
        if self._is_over or self.verdict is not None:
            return
        now = time.monotonic()
        if not self._keeper_pid and now > self._start + _HELLO_S:
            self.zygote.close()
            raise ZygoteDiedError("the zygote does not answer")
        if now >= self._deadline:
            self.verdict = verdicts.reached(self.task, self.progress.step, "time")
        elif self._cgroup is None and self._keeper_pid and now >= self._next_watch:
            self._next_watch = now + _WATCH_S  # not for every word that is printed
            used = watchdog.private_bytes(self._keeper_pid)
            self.peak = max(self.peak, used)
            if used > self.task.limits.memory_mb * MB:
                self.verdict = verdicts.reached(self.task, self.progress.step, "memory")
            elif (
                self.isolation.tier == "landlock"  # elsewhere the kernel refuses one more
                and watchdog.n_threads(self._keeper_pid) > self.task.limits.pids
            ):
                self.verdict = verdicts.reached(self.task, self.progress.step, "processes")

    def _read_log(self) -> None:
        self.log.read()

    def _read_cancel(self) -> None:
        self.verdict = verdicts.cancelled(self.progress.step)

    def _on_log(self, piece: bytes) -> None:
        if self.task.log == "full":
            self.on_event(FoldEvent("log", time.monotonic() - self._start, piece))

    def _read_keeper(self) -> None:
        """Hear from the keeper, which is ours: its pid as the kernel sees it, and the end."""
        try:
            data, extra, _, _ = self.keeper.recvmsg(wire.MESSAGE_BYTES, socket.CMSG_SPACE(12))
        except ConnectionError:
            data, extra = b"", []
        if not data:
            self._is_over = True
            return
        message = json.loads(data)
        if "hello" in message:
            for _, kind, credentials in extra:
                if kind == socket.SCM_CREDENTIALS:
                    self._keeper_pid = struct.unpack("3i", credentials)[0]
                    with contextlib.suppress(OSError):
                        self._keeper_pidfd = os.pidfd_open(self._keeper_pid)
        elif "broken" in message:
            self.verdict = verdicts.ours(f"The box could not be made: {message['broken']}")
        elif "status" in message:
            self.status = int(message["status"])
            self._is_over = True

    def _read_runner(self) -> None:
        """Hear from the box: untrusted, and without room for descriptors."""
        try:
            data = self.runner.recv(wire.MESSAGE_BYTES)
            message = json.loads(data) if data else None
        except ConnectionError:
            message = None  # it has ended without reading what we sent
        except (ValueError, RecursionError):
            self.verdict = verdicts.of_tampering(self.progress.step)
            return
        if message is None:
            # The box has closed its end: wait for its wait status.
            self._await_status()
            return
        if not isinstance(message, dict):
            self.verdict = verdicts.of_tampering(self.progress.step)
        elif message.get("event") == "error":
            self.log.read()
            self.verdict = self._of_report(message)
        else:
            self._advance(message)

    def _of_report(self, message: Mapping[str, Any]) -> Verdict:
        """Judge a report; the place that it names must exist, or it could carry test data out."""
        name, line = message.get("file"), message.get("line")
        is_kits = message.get("organiser") is True and self.progress.step == "starting"
        folder = "code" if is_kits else "submission"
        source = self.data.files.get(f"{folder}/{name}") if isinstance(name, str) else None
        if source is None or type(line) is not int or not 0 < line <= source.count(b"\n") + 1:
            message = {**message, "file": "", "line": None}
        return verdicts.of_report(self.task, self.progress.step, message)

    def _await_status(self) -> None:
        limit = min(self._deadline, time.monotonic() + _END_S)
        while not self._is_over and self.verdict is None:
            self.log.read()
            self.keeper.settimeout(0.02)
            try:
                self._read_keeper()
            except TimeoutError:
                if time.monotonic() > limit:
                    self.verdict = verdicts.of_tampering(self.progress.step)
            finally:
                self.keeper.settimeout(None)

    def _advance(self, message: Mapping[str, Any]) -> None:
        """Take the next event, which must be the one that is due."""
        now = time.monotonic()
        progress = self.progress
        event = message.get("event")
        if progress.step == "testing":
            if event != "tested" or self.data.X_test is None:
                self.verdict = verdicts.of_tampering(progress.step)
                return
            progress.seconds["testing"] = now - progress.since
            if self._take("test", self.data.test_form, message):
                self._tell("tested")
                self.verdict = Verdict("tested", step="testing")
            return
        due, following = _NEXT[progress.step]
        if event != due:
            self.verdict = verdicts.of_tampering(progress.step)
            return
        if due != "training":
            progress.seconds[progress.step] = now - progress.since
        if due == "validated":
            if not self._take("train", self.data.train_form, message):
                return
            self._tell(due)
            self._send_test_data(following)
            return
        progress.step, progress.since = following, now
        self._tell(due)

    def _tell(self, kind: Any) -> None:
        self.on_event(FoldEvent(kind, time.monotonic() - self._start))

    def _take(self, name: str, form: Form | None, message: Mapping[str, Any]) -> bool:
        """Copy the predictions, then look at the copy."""
        assert form is not None
        memory = self._memory[name]
        head = wire.contents(memory, wire.NPY_HEADER_BYTES)
        raw = wire.contents(memory, predictions.size_told(head, form))
        try:
            strict = self.task.strict and self.data.are_probabilities
            self.progress.y_pred[name] = predictions.read(raw, form, strict=strict)
        except predictions.BadPredictionsError as error:
            self.verdict = verdicts.of_predictions(self.progress.step, str(error))
            return False
        stored = self.progress.y_pred[name]
        self.progress.dtypes[name] = predictions.believed(stored, message.get("dtype"))
        return True

    def _send_test_data(self, following: Step) -> None:
        self.log.hide()
        self.progress.step = following
        if self.data.X_test is None:
            self.verdict = Verdict("tested", step="validating")
            return
        X_test = self._own(self.data.X_test)
        with contextlib.suppress(OSError):
            wire.send(self.runner, {"go": True}, [X_test])
        wire.close(X_test)
        self.progress.since = time.monotonic()

    # -------------------------------------------------------------- the end
    def _end(self) -> None:
        """End every process of the fold and wait until the last one has gone."""
        if self.status is None and self._is_over and self.verdict is None:
            if not self._is_out_of_memory():
                self._kill()
                raise ZygoteDiedError("the keeper of the fold has gone")
            self.status = signal.SIGKILL
        self._kill()
        limit = time.monotonic() + _END_S
        while self.log.is_open and time.monotonic() < limit:
            select.select([self.log.descriptor], [], [], _WATCH_S)
            self.log.read()
        if self.verdict is None:
            # What the box said last may still wait in its channel.
            self._drain_runner()
        if self.verdict is None:
            self.verdict = verdicts.of_status(
                self.task,
                self.progress.step,
                self.status or 0,
                out_of_memory=self._is_out_of_memory(),
            )
        elif self.verdict.fault == "team" and not self.verdict.limit and self._is_out_of_memory():
            self.verdict = verdicts.reached(self.task, self.progress.step, "memory")
        if self._cgroup is not None:
            self.peak = self._cgroup.peak_bytes()

    def _drain_runner(self) -> None:
        self.runner.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while self.verdict is None:
                data = self.runner.recv(wire.MESSAGE_BYTES)
                if not data:
                    return
                with contextlib.suppress(ValueError, RecursionError):
                    message = json.loads(data)
                    if isinstance(message, dict) and message.get("event") == "error":
                        self.verdict = self._of_report(message)
                    elif isinstance(message, dict):
                        self._advance(message)

    def _is_out_of_memory(self) -> bool:
        return self._cgroup is not None and self._cgroup.is_out_of_memory()

    def _kill(self) -> None:
        if self._keeper_pidfd >= 0:
            # With neither namespaces nor Landlock the keeper itself must find all strays.
            if self.isolation.tier == "none":
                watchdog.kill_below(self._keeper_pid)
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._keeper_pidfd, signal.SIGKILL)
            select.select([self._keeper_pidfd], [], [], _END_S)
            os.close(self._keeper_pidfd)
            self._keeper_pidfd = -1
        if self._cgroup is not None:
            self._cgroup.kill()

    def _result(self) -> FoldResult:
        assert self.verdict is not None
        progress = self.progress
        return FoldResult(
            verdict=self.verdict,
            y_pred_train=progress.y_pred.get("train"),
            y_pred_test=progress.y_pred.get("test"),
            dtypes=progress.dtypes,
            train_s=progress.seconds.get("training"),
            valid_s=progress.seconds.get("validating"),
            test_s=progress.seconds.get("testing"),
            peak_mb=round(self.peak / MB, 1),
            isolation=self.isolation.words,
            tier=self.isolation.tier,
            log=self.log.public,
            hidden_log=self.log.hidden,
            log_is_public=self.task.log == "full",
            dropped=self.log.dropped,
        )
