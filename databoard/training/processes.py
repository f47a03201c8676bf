"""Processes inside the outer wall, and the thread from which they are started."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from databoard.training import wire
from databoard.training.wall import View

_START_S = 120.0
_SAID_BYTES = 4096
_END_S = 1.0


class _Spawner:
    """A thread that lives as long as this process, from which all children are started.

    A child that asks to die with its parent dies with the *thread* that started it.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[tuple[Future[Any], list[str], dict[str, Any]]]
        self._work = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pid = 0

    def spawn(self, argv: list[str], **options: Any) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._work = queue.SimpleQueue()
                threading.Thread(target=self._serve, name="spawner", daemon=True).start()
        future: Future[subprocess.Popen[bytes]] = Future()
        self._work.put((future, argv, options))
        return future.result()

    def _serve(self) -> None:
        while True:
            future, argv, options = self._work.get()
            try:
                future.set_result(subprocess.Popen(argv, **options))
            except BaseException as error:  # whatever it is: the thread must live on
                future.set_exception(error)


_spawner = _Spawner()


class _Words:
    """The end of what a process prints; the rest goes, however much and for how long it prints."""

    def __init__(self) -> None:
        read, self.end = os.pipe2(os.O_CLOEXEC)
        self._kept = b""
        # What is printed would wait for nobody else.
        self._reader = threading.Thread(target=self._read, args=(read,), name="words", daemon=True)
        self._reader.start()

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            while piece := pipe.read(1 << 16):
                self._kept = (self._kept + piece)[-_SAID_BYTES:]

    def text(self) -> str:
        """Return it; with its last words if the process has ended or is about to."""
        self._reader.join(_END_S)
        return self._kept.decode(errors="replace").strip()[-600:]


class Confined:
    """A process inside the outer wall and the channel to it.

    Parameters
    ----------
    view : View
        Its ``command`` takes the channel's number where it says ``{channel}``.
    walled : bool
        Whether the wall is made at all.
    """

    def __init__(self, view: View, *, walled: bool) -> None:
        self.channel, theirs = wire.channel_pair()
        number = theirs.fileno()
        command = [word.replace("{channel}", str(number)) for word in view.command]
        view = replace(view, command=command, descriptors=[number])
        self._words = _Words()
        with theirs, os.fdopen(self._words.end, "wb") as words:
            self.process = _spawner.spawn(
                view.argv() if walled else command,
                env=view.environment,
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                cwd="/",
                start_new_session=True,
            )

    def wait_ready(self, timeout: float = _START_S) -> dict[str, Any]:
        """Wait until the process says that it is ready.

        Raises
        ------
        OSError
            If it does not; with what it has printed.
        """
        readable, _, _ = select.select([self.channel], [], [], timeout)
        message = wire.receive(self.channel) if readable else None
        if message is None:
            words = self.said()
            self.close()
            raise OSError(words or "the process ended without a word")
        return message[0]

    def said(self) -> str:
        """Return the end of what the process has printed."""
        return self._words.text()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process, from any thread: whoever waits for it hears that it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self.is_alive:
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and all that is inside its wall."""
        self.channel.close()
        try:
            self.process.wait(0.2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
