"""Requests per second of an unchanged board of 10,000 submissions, against a bare Flask view.

One gunicorn of two workers serves both; clients of two processes on the same machine keep their
connections and take turns between: a bare view, a poll that finds nothing new (204), and the first
page of rows out of the cache (compressed, as browsers ask for it).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from _boards import add_event, add_people, environment, sessions_of, settings_in
from sqlalchemy import text

from databoard.services import accounts
from databoard.store.queries import accounts as account_queries
from databoard.training.linux import die_with_parent

GOAL, GOAL_PAGE = 0.7, 0.5
N_CLIENTS = 2


def load(port: int, request: bytes, seconds: float) -> int:
    """Send a request again and again on one connection; count the answers."""
    with socket.create_connection(("127.0.0.1", port)) as channel:
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        n, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            channel.sendall(request)
            answer(channel)
            n += 1
    return n


def answer(channel: socket.socket) -> tuple[bytes, bytes]:
    """Read one answer: its head and its body."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        part = channel.recv(65536)
        if not part:
            raise SystemExit("the server hung up")
        raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    length = int(found[1]) if found else 0
    while len(body) < length:
        body += channel.recv(65536)
    return head, body


def ask(path: str, cookie: str) -> bytes:
    """Write a request as a browser would."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n"
        "Accept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n"
    ).encode()


def rate(pool, port: int, request: bytes, seconds: float) -> float:
    """Requests per second of all clients together."""
    counts = pool.starmap(load, [(port, request, seconds)] * N_CLIENTS)
    return sum(counts) / seconds


def cookie_of(settings, sessions) -> str:
    """Log the first user in and sign the cookie as the site does."""
    from databoard.web.app import create_app

    with sessions.begin() as session:
        user = account_queries.by_name(session, "user0")
        _, secret = accounts.open_session(
            session, user, "127.0.0.1", "bench", now=datetime.now(UTC)
        )
        content = {"login": secret, "_user_id": user.get_id(), "_fresh": True}
    app = create_app(settings)
    signed = app.session_interface.get_signing_serializer(app).dumps(content)
    return f"{app.config['SESSION_COOKIE_NAME']}={signed}"


def start(root: Path, url: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start gunicorn as it is deployed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = Path(__file__).resolve()
    paths = [str(here.parents[1]), str(here.parent), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "-c", here.parents[1] / "deploy" / "gunicorn.conf.py",
            "_boards_wsgi:app", "--bind", f"127.0.0.1:{port}", "--log-level", "error",
            "--access-logfile", os.devnull,
        ],
        env={**os.environ, **environment(root, url), "PYTHONPATH": os.pathsep.join(paths)},
        preexec_fn=die_with_parent,
    )  # fmt: skip
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/bare", timeout=1).read()
        except OSError:
            time.sleep(0.1)
        else:
            return process, port
    raise SystemExit("gunicorn does not start")


def first(port: int, path: str, cookie: str) -> tuple[bytes, bytes, float]:
    """Ask once; the answer, and how many ms it took."""
    with socket.create_connection(("127.0.0.1", port)) as channel:
        begun = time.perf_counter()
        channel.sendall(ask(path, cookie))
        head, body = answer(channel)
        return head, body, 1000 * (time.perf_counter() - begun)


def measure(port: int, cookie: str, n_rounds: int, seconds: float) -> tuple[dict, float]:
    """Rates by what is asked, in turns, each as a share of the bare view just before."""
    rows = "/events/large/leaderboard/public/rows"
    head, _, _ = first(port, f"{rows}?v=0", cookie)
    if b" 200 " not in head.split(b"\r\n")[0] + b" ":
        raise SystemExit(head.decode())
    # Pages that nobody has asked for yet; those after the first find the workers warm.
    taken = [first(port, f"{rows}?v=0&page={n}", cookie)[2] for n in range(2, 42)]
    uncached_ms = statistics.median(taken[20:])
    version = re.search(rb"(?i)x-version: (\d+)", head)[1].decode()
    requests = {
        "poll": ask(f"{rows}?v={version}", cookie),
        "page": ask(f"{rows}?v=0", cookie),
    }
    shares: dict[str, list[float]] = {name: [] for name in requests}
    rates: dict[str, list[float]] = {name: [] for name in ("bare", *requests)}
    with get_context("fork").Pool(N_CLIENTS) as pool:
        for name in requests:
            rate(pool, port, requests[name], 0.5)  # both workers remember the board
        for _ in range(n_rounds):
            for name, request in requests.items():
                bare = rate(pool, port, ask("/bare", cookie), seconds)
                found = rate(pool, port, request, seconds)
                rates["bare"].append(bare)
                rates[name].append(found)
                shares[name].append(found / bare)
    medians = {name: statistics.median(found) for name, found in (*rates.items(),)}
    ratios = {name: statistics.median(found) for name, found in shares.items()}
    return {"rates": medians, "ratios": ratios}, uncached_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a PostgreSQL database; SQLite without")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    n_rounds, seconds = (3, 1.0) if options.quick else (7, 3.0)
    with tempfile.TemporaryDirectory(prefix="databoard_bench_") as folder:
        root = Path(folder)
        settings = settings_in(root, options.url)
        engine, sessions = sessions_of(settings)
        with sessions.begin() as session:
            add_event(session, "large", add_people(session), 10_000)
        if options.url:  # what PostgreSQL does by itself within a minute of so many new rows
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        cookie = cookie_of(settings, sessions)
        engine.dispose()
        process, port = start(root, options.url)
        try:
            found, uncached_ms = measure(port, cookie, n_rounds, seconds)
        finally:
            process.terminate()
            process.wait(30)
    rates, ratios = found["rates"], found["ratios"]
    detail = (
        f"requests/s: bare Flask {rates['bare']:.0f}, nothing new (204) {rates['poll']:.0f}, first "
        f"page of 10,000 cached {rates['page']:.0f} = {ratios['page']:.2f} of bare (goal "
        f"{GOAL_PAGE}), a page that is not cached yet {uncached_ms:.0f} ms; gunicorn of 2 workers, "
        f"{'PostgreSQL' if options.url else 'SQLite'}, {N_CLIENTS} clients on the same cores"
    )
    print(
        json.dumps(
            {"name": "board_cached", "ratio": ratios["poll"], "goal": GOAL, "detail": detail}
        )
    )


if __name__ == "__main__":
    main()
