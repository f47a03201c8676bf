"""The documentation builds without a warning, and what it says to type works."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.test_manual import Installation, free_port

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial" / "first-event.md"
BLOCK = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_built_and_nothing_in_it_is_refused_by_the_browser(site):
    names = [p.relative_to(DOCS).with_suffix("") for p in DOCS.rglob("*.md")]
    for name in names:
        folder = name.parent if name.name in ("index", "README") else name
        text = (site / folder / "index.html").read_text(encoding="utf-8")
        # The site's policy takes no script or style written into a page, and no other host.
        assert not re.search(r"<script|<style|<link|\sstyle=|\son\w+=", text), name
        assert not re.search(r'src="(https?:)?//', text), name


def test_no_page_names_a_folder_of_one_machine():
    for path in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "env.sample"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/root\b|/home/\w|/work/", text), path.name


def anchors(path: Path) -> set[str]:
    """What of a page may be linked to: its headings, as MkDocs names them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    heads = [line.lstrip("#").strip() for line in lines if re.match(r"#+ ", line)]
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


# checklist 63: what is a cloud's own is documented only
def test_links_between_pages_lead_to_pages_and_headings_that_are_there():
    n_links = 0
    for path in DOCS.rglob("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            name, _, anchor = link.partition("#")
            if "://" in name or name.startswith(("/", "mailto:")):
                continue
            goal = (path.parent / name).resolve() if name else path
            assert goal.is_file(), f"{path.name}: {link}"
            assert not anchor or anchor in anchors(goal), f"{path.name}: {link}"
            n_links += 1
    assert n_links > 30
    assert "test_ramp_060716" in (DOCS / "how-to" / "deploy.md").read_text(encoding="utf-8")


# issue 5, 14
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_tutorial_does_what_it_says(tmp_path):
    blocks = BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    script = "".join(text for kind, what, text in blocks if (kind, what) == ("sh", ""))
    servers = [text.strip() for kind, what, text in blocks if (kind, what) == ("sh", " server")]
    assert servers == ["fab serve", "fab train"]
    installation = Installation(tmp_path / "databoard", "unset")
    del installation.env["DATABOARD_DB_URL"]

    done = installation.sh(script)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "flowers is in order." in done.stdout
    assert "first: scored" in done.stdout
    assert "-" not in {line.split()[-1] for line in done.stdout.splitlines() if "accuracy" in line}
    assert (installation.root / "reports" / "flowers_spring.html").is_file()
    for server in servers:
        says_it_serves(installation, server)


def says_it_serves(installation, line):
    """Start what runs for ever, wait for its first sign of life, end it."""
    url = "sqlite:///db/mine.db"
    port = free_port()
    line = line.replace("fab serve", f"fab serve:{port}")
    process = installation.start(f"exec {line}", DATABOARD_DB_URL=url)
    try:
        assert process.stdout is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            said = process.stdout.readline()
            if "Serving on" in said or "slots" in said:
                break
        assert "Serving on" in said or "slots" in said
        if "serve" in line:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{port}/events/flowers_spring", timeout=10) as page:
                assert page.status == 200
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
