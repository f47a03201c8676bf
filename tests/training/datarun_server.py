"""A datarun server on loopback: the requests of 2016, answered as the server answered them.

It does what the real one did with what it is sent: files are unpacked, the module that came with
the data cuts them, trains and predicts. Celery's workers are `Datarun.train`.
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

_numbers = count(1)
METRICS = {"train_time": 1.5, "validation_time": 0.25, "test_time": 0.125, "train_memory": 64.0}


def pack(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


class Datarun:
    """What the server knows; ``replies`` are sent instead of the next answers."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.asked: list[tuple[str, str, Any]] = []
        self.replies: list[tuple[int, bytes, dict[str, str]]] = []
        self.data: dict[int, dict[str, Any]] = {}
        self.submissions: dict[int, dict[str, Any]] = {}
        self.folds: dict[int, dict[str, Any]] = {}

    @property
    def calls(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.asked]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        known: dict[str, Callable[[Any], tuple[int, Any]]] = {
            "GET /runapp/rawdata/": self._list_data,
            "POST /runapp/rawdata/": self._add_data,
            "POST /runapp/rawdata/split/": self._split,
            "POST /runapp/rawdata/customsplit/": self._split,
            "POST /runapp/submissionfold/": self._add_fold,
            "POST /runapp/testpredictions/list/": self._predictions,
        }
        found = known.get(f"{method} {path}")
        return found(body) if found else (404, {"detail": "Not found."})

    # -------------------------------------------------------------- data
    def _list_data(self, _: Any) -> tuple[int, Any]:
        return 200, [{"id": key, "name": each["name"]} for key, each in self.data.items()]

    def _add_data(self, body: Any) -> tuple[int, Any]:
        if any(each["name"] == body["name"] for each in self.data.values()):
            return 400, {"name": ["RawData with this name already exists."]}
        if len(body["name"]) > 40:
            return 400, {"name": ["Ensure this field has no more than 40 characters."]}
        files = {name: unpack(text) for name, text in body["files"].items()}
        if len(files) > 1:
            (module,) = [name for name in files if name.endswith(".py")]
            files["specific.py"] = files.pop(module)
        folder = self.folder / f"data_{next(_numbers)}"
        self._write(folder, files)
        key = len(self.data) + 1
        self.data[key] = {**body, "folder": folder, "files": files}
        return 201, {"id": key, "name": body["name"]}

    def _split(self, body: Any) -> tuple[int, Any]:
        data = self.data[body["raw_data_id"]]
        if "specific.py" in data["files"]:
            self._import(data["folder"], "specific").prepare_data(str(data["folder"]))
        return 200, {"task_id": "a-task"}

    def _write(self, folder: Path, files: dict[str, bytes]) -> None:
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, content in files.items():
            (folder / name).write_bytes(content)

    def _import(self, folder: Path, name: str) -> ModuleType:
        importlib.invalidate_caches()
        return importlib.import_module(f"{folder.name}.{name}")

    # -------------------------------------------------------------- folds
    def _add_fold(self, body: Any) -> tuple[int, Any]:
        key, fold = body["databoard_s_id"], body["databoard_sf_id"]
        force = body.get("force", "")
        if "submission, submission_fold" in force:
            self.submissions.pop(key, None)
            self.folds = {n: f for n, f in self.folds.items() if f["databoard_s"] != key}
        if "submission_fold" in force:
            self.folds.pop(fold, None)
        if key not in self.submissions:
            folder = self.folder / f"sub_{key}_{next(_numbers)}"
            self._write(folder, {name: unpack(text) for name, text in body["files"].items()})
            self.submissions[key] = {"folder": folder, "data": self.data[body["raw_data"]]}
        if fold in self.folds:
            return 400, {"databoard_sf_id": ["SubmissionFold with this id already exists."]}
        self.folds[fold] = {
            "databoard_sf_id": fold,
            "databoard_s": key,
            "train_is": np.frombuffer(unpack(body["train_is"]), dtype=np.int64),
            "test_is": np.frombuffer(unpack(body["test_is"]), dtype=np.int64),
            "priority": body.get("priority", "L"),
            "state": "TODO",
        }
        return 201, {"databoard_sf_id": fold, "task_id": "another-task"}

    def train(self, n_folds: int | None = None) -> None:
        """Train what waits, as a worker does."""
        waiting = [fold for fold in self.folds.values() if fold["state"] == "TODO"]
        for fold in waiting[:n_folds]:
            fold.update(self._trained(fold))

    def _trained(self, fold: dict[str, Any]) -> dict[str, Any]:
        submission = self.submissions[fold["databoard_s"]]
        folder, data = submission["folder"], submission["data"]
        step = "split data"
        try:
            specific = self._import(data["folder"], "specific")
            X, y = specific.get_train_data(str(data["folder"]))
            X_test, y_test = specific.get_test_data(str(data["folder"]))
            step = "train"
            model = specific.train_submission(folder.name, X, y, fold["train_is"])
            step = "validation"
            on_train = specific.test_submission(model, X, range(len(y)))
            step = "test"
            on_test = specific.test_submission(model, X_test, range(len(y_test)))
        except Exception as error:
            return {"state": "ERROR", "log_messages": f"\n{error!r} - ERROR({step})\n"}
        return {
            "state": "TESTED",
            "log_messages": "\n",
            "full_train_predictions": pack(on_train.tobytes()),
            "test_predictions": pack(on_test.tobytes()),
            **METRICS,
        }

    def _predictions(self, body: Any) -> tuple[int, Any]:
        hidden = ("train_is", "test_is", "priority")
        found = [self.folds[key] for key in body["list_submission_fold"] if key in self.folds]
        return 200, [{k: v for k, v in fold.items() if k not in hidden} for fold in found]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        datarun: Datarun = self.server.datarun  # type: ignore[attr-defined]
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(text) if text else None
        datarun.asked.append((self.command, self.path, body))
        headers: dict[str, str] = {}
        if datarun.replies:
            status, content, headers = datarun.replies.pop(0)
        elif self.headers["Authorization"] != "Basic " + base64.b64encode(b"kegl:secret").decode():
            status, content = 401, b'{"detail": "Invalid username/password."}'
        else:
            status, answer = datarun.answer(self.command, self.path, body)
            content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def datarun_server() -> Iterator[Datarun]:
    """Have a server on a free port of loopback; its account is kegl, secret."""
    with tempfile.TemporaryDirectory() as folder:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.datarun = Datarun(Path(folder), f"http://127.0.0.1:{server.server_port}/")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        sys.path.insert(0, folder)
        try:
            yield server.datarun  # type: ignore[attr-defined]
        finally:
            sys.path.remove(folder)
            server.shutdown()
            thread.join()
            server.server_close()
