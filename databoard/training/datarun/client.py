"""The REST interface of a datarun server, as its last public version has it (December 2016).

Files, row numbers and predictions travel in JSON, each compressed by zlib and written in base64.
"""

from __future__ import annotations

import base64
import http.client
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from databoard.errors import BusyError, SettingsError, TrainingError
from databoard.settings import LOOPBACK
from databoard.training.verdicts import one_line

TIMEOUT_S = 60.0
MAX_ANSWER_BYTES = 1 << 30


def pack(content: bytes) -> str:
    """Write bytes as datarun reads them."""
    return base64.b64encode(zlib.compress(content)).decode()


def unpack(text: object, most: int) -> bytes:
    """Read what datarun wrote, but no more than one byte beyond ``most``.

    Raises
    ------
    ValueError
        If it is not base64 of a whole zlib stream.
    """
    if not isinstance(text, str):
        raise ValueError("there are none")
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(base64.b64decode(text, validate=True), most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not stream.eof and len(content) <= most:
        raise ValueError("they are cut short")
    return content


class Client:
    """A datarun server.

    Whatever asks it raises `BusyError` if it does not answer or stops at an error of its own,
    `SettingsError` if name, password or address are wrong, `TrainingError` if it refuses what it
    was sent or answers something that is none of datarun's.

    Parameters
    ----------
    url : str
        ``https://<host>/``, or ``http://`` on this machine.
    username, password : str

    Raises
    ------
    SettingsError
        If one of them is missing, or the password would travel readable.
    """

    def __init__(
        self, url: str, username: str, password: str, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        if not (url and username and password):
            raise SettingsError("Set DATARUN_URL, DATARUN_USERNAME and DATARUN_PASSWORD.")
        try:
            self.url = urlsplit(url)
            port = self.url.port
        except ValueError:
            raise SettingsError("DATARUN_URL is no address.") from None
        host = self.url.hostname or ""
        if self.url.scheme not in ("https", "http") or not host or "@" in self.url.netloc:
            raise SettingsError("DATARUN_URL must be https://<host>/, without name and password.")
        if self.url.scheme == "http" and host not in LOOPBACK:
            raise SettingsError(
                f"DATARUN_URL={url} is refused: the password, the data and their labels would "
                "travel readable for everybody on the way. Use https://, or a tunnel: "
                f"ssh -L 8000:localhost:{port or 80} {host}, and http://127.0.0.1:8000/."
            )
        self._where, self._timeout_s = (host, port), timeout_s
        self._login = base64.b64encode(f"{username}:{password}".encode()).decode()

    # -------------------------------------------------------------- data
    def data_sets(self) -> dict[str, int]:
        """Return the data that the server has: their numbers by name."""
        told = self._ask("GET", "rawdata/")
        try:
            return {str(one["name"]): int(one["id"]) for one in told}
        except (TypeError, KeyError, ValueError):
            raise self._misunderstood("a list of data") from None

    def send_data(
        self, name: str, target_column: str, elements: Sequence[str], files: Mapping[str, bytes]
    ) -> int:
        """Send data under a name that is not taken, and return their number."""
        told = self._ask(
            "POST",
            "rawdata/",
            {
                "name": name,
                "target_column": target_column,
                "workflow_elements": ", ".join(elements),
                "files": {filename: pack(content) for filename, content in files.items()},
            },
        )
        if not isinstance(told, dict) or type(told.get("id")) is not int:
            raise self._misunderstood("the number of the data")
        return int(told["id"])

    def split(self, data_id: int, held_out_test: float, random_state: int) -> None:
        """Have a table cut into training and test rows; the server does it later."""
        body = {"held_out_test": held_out_test, "random_state": random_state}
        self._ask("POST", "rawdata/split/", {"raw_data_id": data_id, **body})

    def split_by_module(self, data_id: int) -> None:
        """Have data cut by the ``prepare_data`` that was sent with them."""
        self._ask("POST", "rawdata/customsplit/", {"raw_data_id": data_id})

    # -------------------------------------------------------------- folds
    def send_fold(
        self,
        submission_id: int,
        fold_id: int,
        rows: tuple[bytes, bytes],
        priority: str = "L",
        *,
        data_id: int | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Have a fold trained; what the server had under its number goes.

        Parameters
        ----------
        submission_id, fold_id : int
        rows : tuple of bytes
            To train on and to validate on, as little-endian int64.
        priority : {"L", "H"}
        data_id, files
            With the first fold of a submission, whose files and folds there go.
        """
        body: dict[str, Any] = {
            "databoard_s_id": submission_id,
            "databoard_sf_id": fold_id,
            "train_is": pack(rows[0]),
            "test_is": pack(rows[1]),
            "force": "submission_fold",
        }
        if files is not None:
            body["force"] = "submission, submission_fold"
            body["raw_data"] = data_id
            body["files"] = {name: pack(content) for name, content in files.items()}
        if priority != "L":  # the server's own choice where nothing is said
            body["priority"] = priority
        self._ask("POST", "submissionfold/", body)

    def predictions(self, submission_id: int, fold_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return what the server tells of a submission's folds, by number; not of unknown ones."""
        told = self._ask("POST", "testpredictions/list/", {"list_submission_fold": list(fold_ids)})
        if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
            raise self._misunderstood("a list of folds")
        return {
            one["databoard_sf_id"]: one
            for one in told
            if one.get("databoard_sf_id") in fold_ids and one.get("databoard_s") == submission_id
        }

    # -------------------------------------------------------------- HTTP
    def _ask(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask, and return the answer's JSON; no redirect is followed with the password."""
        secure = self.url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(*self._where, timeout=self._timeout_s)
        headers = {"Authorization": f"Basic {self._login}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(
                method,
                f"{self.url.path.rstrip('/')}/runapp/{what}",
                None if body is None else json.dumps(body).encode(),
                headers,
            )
            response = connection.getresponse()
            text = response.read(MAX_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise BusyError(
                f"The datarun server {self.url.netloc} does not answer "
                f"({str(error) or type(error).__name__}); try again when it does."
            ) from error
        finally:
            connection.close()
        self._check(response.status, text, response.getheader("Location") or "")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self._misunderstood("JSON") from None

    def _check(self, status: int, text: bytes, location: str) -> None:
        server = f"The datarun server {self.url.netloc}"
        if status in (401, 403):
            raise SettingsError(
                f"{server} refuses the name or the password: see DATARUN_USERNAME and "
                "DATARUN_PASSWORD, and whether the account exists there."
            )
        if 300 <= status < 400:
            where = one_line(location, 200)
            raise SettingsError(f"{server} is elsewhere ({where}); set DATARUN_URL to where it is.")
        if status >= 500:
            raise BusyError(f"{server} stopped at an error of its own ({status}); see its log.")
        if status not in (200, 201):
            said = one_line(text[:2000].decode(errors="replace"), 300)
            raise TrainingError(f"{server} refuses what it was sent ({status}): {said}")
        if len(text) > MAX_ANSWER_BYTES:
            raise TrainingError(f"{server} answers more than {MAX_ANSWER_BYTES >> 20:,} MB.")

    def _misunderstood(self, wanted: str) -> TrainingError:
        return TrainingError(
            f"{self.url.netloc} does not answer with {wanted}: is DATARUN_URL a datarun server?"
        )
