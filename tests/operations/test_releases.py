"""Releases, from a tag to two servers behind a real sshd on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.operations.conftest import (
    ROOT,
    Installation,
    copy_checkout,
    find,
    free_port,
    need,
)

pytestmark = pytest.mark.slow

USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tmp_path_factory.mktemp("releases")


@pytest.fixture(scope="module")
def ssh(base):
    """How to reach an sshd with keys, folder and port of its own."""
    need("sshd", "ssh", "ssh-keygen", "rsync")
    folder = base / "sshd"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
    )
    key = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd of root wants this empty folder
    command = [find("sshd"), "-D", "-e", "-f", folder / "config"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stderr=log)
    line = (
        f"ssh -p {port} -i {folder}/user -o UserKnownHostsFile={folder}/known "
        "-o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes -F none"
    )
    deadline = time.monotonic() + 10
    while subprocess.run([*line.split(), f"{USER}@127.0.0.1", "true"]).returncode:
        if time.monotonic() > deadline:
            server.terminate()
            pytest.skip(f"sshd does not serve here: {(folder / 'log').read_text()}")
        time.sleep(0.2)
    yield line
    server.terminate()
    server.wait(10)


class Server(Installation):
    """One server: the shipped supervisord.conf runs its pages."""

    def start(self) -> None:
        self.port = free_port()
        code = self.base / "code"
        (code / "releases").mkdir(parents=True)
        (code / "env").symlink_to(self.env_file)
        conf = (ROOT / "deploy" / "supervisord.conf").read_text()
        run = self.base / "run"
        run.mkdir()
        for word, value in {"CODE": code, "RUN": run, "LOGS": run, "USER": USER}.items():
            conf = conf.replace(f"@{word}@", str(value))
        # Pages are real; what trains and what sends letters has tests of its own.
        for name in ("train", "mail"):
            conf = conf.replace(
                f"command={code}/current/tools/with_env.sh manage.py {name}", "command=sleep 600"
            )
        conf = conf.replace("startsecs=3", "startsecs=1\nautostart=false")
        conf = conf.replace("[supervisord]", "[supervisord]\nnodaemon=true")
        path = self.base / "supervisord.conf"
        path.write_text(conf)
        binaries = Path(sys.executable).parent
        self.write_env(
            DATABOARD_BIND=f"127.0.0.1:{self.port}",
            DATABOARD_SERVICES=f"{binaries}/supervisorctl -c {path}",
        )
        self.process = subprocess.Popen(
            [binaries / "supervisord", "-c", path],
            cwd=self.base,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Dependencies are those of the tests: what a release without them finds on a server.
        name = subprocess.run(
            "printf '' | sha256sum | cut -c 1-16", shell=True, capture_output=True, text=True
        ).stdout.strip()
        (code / "venvs").mkdir()
        (code / "venvs" / name).symlink_to(sys.prefix)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    @property
    def runs(self) -> str:
        return (self.base / "code" / "current").readlink().name

    def marker(self) -> str:
        """What the pages themselves say that they are."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}/version", timeout=10) as answer:
            return answer.read().decode()


@pytest.fixture(scope="module")
def servers(base, ssh):
    need("supervisord", "gunicorn")
    made = {}
    try:
        for name in ("test", "production"):
            folder = base / name
            folder.mkdir()
            made[name] = Server(folder, f"sqlite:///{folder}/data/db/databoard.db")
            made[name].start()
        yield made
    finally:
        for server in made.values():
            server.stop()


class Checkout:
    """A checkout that releases are built from, on an organiser's machine."""

    def __init__(self, folder: Path, ssh: str) -> None:
        self.folder = folder
        copy_checkout(folder, "tests", "problems", "benchmarks", "docs")
        self.git("init", "-q")
        self.git("config", "user.email", "ada@example.org")
        self.git("config", "user.name", "Ada")
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder.parent),
            "DATABOARD_DB_URL": "sqlite://",
            "DATABOARD_ROOT": str(folder.parent / "organiser"),
            "DATABOARD_SSH": ssh,
            "DATABOARD_TARGET_TEST": f"{USER}@127.0.0.1:{folder.parent}/test",
            "DATABOARD_TARGET_PRODUCTION": f"{USER}@127.0.0.1:{folder.parent}/production",
            # The build takes what is installed, and makes no front end: nothing is fetched.
            "PIP_NO_BUILD_ISOLATION": "0",
            "DATABOARD_SKIP_ASSETS": "1",
        }
        (folder.parent / "organiser").mkdir()

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)

    def write(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def tag(self, name: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "-m", name)
        self.git("tag", name)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self.env, capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def build(self, tag: str) -> Path:
        done = self.run("tools/build_release.sh", tag, "--without-dependencies")
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.splitlines()[-1])

    def publish(self, target: str, version: str = "") -> subprocess.CompletedProcess[str]:
        """Publish a release, or as the manual prints it what the checkout is at."""
        which = f",version={version}" if version else ""
        return self.run("fab", f"publish_software:target={target}{which},yes=True")


@pytest.fixture(scope="module")
def checkout(base, ssh):
    need("git")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    folder = base / "checkout"
    folder.mkdir()
    return Checkout(folder, ssh)


MIGRATION = '''"""A column more."""

import databoard
import sqlalchemy as sa
from alembic import op

revision = "0999"
down_revision = "{head}"


def upgrade():
    op.create_table("extras", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("extras")
'''


def add_migration(checkout: Checkout) -> None:
    migrations = checkout.folder / "migrations"
    head = ScriptDirectory(str(migrations)).get_current_head()
    (migrations / "versions" / "0999_extras.py").write_text(MIGRATION.format(head=head))


# neighbours 57; issue 5, 2
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_passed_on_test_goes_to_production_and_comes_back(checkout, servers):
    test, production = servers["test"], servers["production"]
    checkout.tag("v1")
    first = checkout.build("v1")

    # A dirty tree gives no release, and neither does a tag that is not there.
    checkout.write("databoard/__init__.py", '__version__ = "', '__version__ = "2')
    assert "commit these changes" in checkout.run("tools/build_release.sh", "v1").stderr
    add_migration(checkout)
    checkout.tag("v2")
    assert "knows no tag v9" in checkout.run("tools/build_release.sh", "v9").stderr

    # Production waits for the test server.
    done = checkout.publish("production", "v1")
    assert done.returncode == 1
    assert "has not passed" in done.stderr
    for target in ("test", "production"):
        done = checkout.publish(target, "v1")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith(f"{USER}@127.0.0.1:")
        assert servers[target].runs == "v1"
    assert production.marker() == test.marker()
    sums = production.base / "code" / "releases" / "v1" / "SHA256SUMS"
    assert sums.read_bytes() == (first / "SHA256SUMS").read_bytes()

    # The next one: its bytes must be those that passed.
    second = checkout.build("v2")
    assert checkout.publish("test").returncode == 0
    sums = second / "SHA256SUMS"
    original = sums.read_bytes()
    sums.write_bytes(original + b"0" * 64 + b"  more\n")
    assert "not the one that passed" in checkout.publish("production", "v2").stderr
    sums.write_bytes(original)
    assert production.runs == "v1"
    done = checkout.publish("production")
    assert done.returncode == 0, done.stdout + done.stderr
    assert production.marker() != '{"version":"1.0.0"}'
    assert len(list(production.backup.glob("*.dump"))) == 1
    assert "0999" in production.ok(
        production.base / "code/current/tools/with_env.sh", "manage.py", "db", "current"
    )

    # And back, schema and all.
    done = checkout.run("fab", "rollback:target=production,yes=True")
    assert done.returncode == 0, done.stdout + done.stderr
    assert production.runs == "v1"
    assert "0999" not in production.ok(
        production.base / "code/current/tools/with_env.sh", "manage.py", "db", "current"
    )
    assert production.marker() == '{"version":"1.0.0"}\n'
    assert test.runs == "v2"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_release_that_does_not_pass_makes_way_for_the_former(checkout, servers):
    test = servers["test"]
    former = test.runs
    checkout.write("wsgi.py", "\napp = ", "\napp = broken = ")
    with (checkout.folder / "wsgi.py").open("a") as file:
        file.write("broken.before_request(lambda: 1 / 0)\n")
    checkout.tag("v3")
    checkout.build("v3")

    done = checkout.publish("test", "v3")

    assert done.returncode == 1
    assert test.runs == former
    assert not (test.base / "code" / "passed" / "v3").exists()
    assert "has not passed" in checkout.publish("production", "v3").stderr
    assert test.marker()


def test_what_did_not_arrive_whole_is_not_installed(checkout, servers, base):
    """One byte is other than it was built."""
    release = base / "changed" / "releases" / "v1"
    built = checkout.folder / "dist" / "releases" / "v1"
    if not built.exists():
        pytest.skip("the release of the first test was not built")
    shutil.copytree(built, release)
    with (release / "manage.py").open("a") as file:
        file.write("\n")

    said = servers["test"].refused(release / "tools" / "activate_release.sh")

    assert "did not arrive as it was built" in said
    assert not (base / "changed" / "current").exists()


# checklist 54
def test_a_backup_is_fetched_from_a_server(checkout, servers):
    production = servers["production"]
    if not (production.base / "code" / "current").exists():
        pytest.skip("the first test did not publish")
    production.write_files("submission_abc")

    done = checkout.run("fab", "backup_from:production")

    assert done.returncode == 0, done.stderr
    organiser = Path(checkout.env["DATABOARD_ROOT"])
    assert done.stdout.startswith(f"{USER}@127.0.0.1\n")
    assert (organiser / "submissions" / "submission_abc" / "classifier.py").exists()
    [dump] = (organiser / "db").glob("*.dump")
    assert dump.read_bytes().startswith(b"SQLite format 3")
