"""Backups that are proven: dumped, pruned, restored, rehearsed."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, select, text

from databoard.cli.actions import backups
from databoard.cli.database import MIGRATIONS
from databoard.domain import crontab
from databoard.errors import InvalidError
from databoard.store.engine import make_engine
from databoard.store.models import OutgoingMail, Submission, TaskRun
from databoard.store.opening import open_session
from tests.builders import NOON
from tests.operations.conftest import need

DAY_S = 86400


@pytest.fixture(autouse=True)
def _needed():
    need("bash", "rsync", "flock")


def rows(installation, query):
    with open_session(installation.url) as session:
        return session.scalars(query).all()


def revision(installation):
    """Read which schema the database says that it has."""
    with open_session(installation.url) as session:
        return session.scalar(text("SELECT version_num FROM alembic_version"))


def delete_all(installation):
    with open_session(installation.url) as session:
        for submission in session.scalars(select(Submission)):
            session.delete(submission)
        session.commit()


def drop_former(installation):
    """Databases that a restore put aside; the fixture knows of one only."""
    if not installation.url.startswith("postgres"):
        return
    url = make_url(installation.url)
    engine = make_engine(url.set(database="postgres").render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
        for name in names:
            if name.startswith(f"{url.database}_"):
                connection.execute(text(f'DROP DATABASE "{name}"'))
    engine.dispose()
    assert [name for name in names if "_restore_" in name] == []


# checklist 56, 57
def test_a_restore_gives_the_same_leaderboards_and_files(installation):
    boards, files = installation.boards(), installation.tree()
    assert boards[0].rows

    dump = Path(installation.ok("dump_db.sh").splitlines()[-1])
    delete_all(installation)
    for path in (installation.root / "submissions").iterdir():
        path.rename(installation.base / path.name)
    said = installation.ok("restore_db.sh", "--yes", "--files", dump)

    assert "all came back" in said
    assert installation.boards() == boards
    assert installation.tree() == files
    assert installation.tree(installation.backup / "files" / "submissions") == files
    drop_former(installation)


# checklist 56
def test_a_corrupt_dump_leaves_the_live_database_untouched(installation):
    boards = installation.boards()
    dump = Path(installation.ok("dump_db.sh", "--database-only").splitlines()[-1])
    content = dump.read_bytes()
    half, changed = installation.base / "half.dump", installation.base / "changed.dump"
    half.write_bytes(content[: len(content) // 2])
    changed.write_bytes(b"something else entirely" * 100)

    for bad in (half, changed):
        assert "not a whole dump" in installation.refused("restore_db.sh", "--yes", bad)

    assert installation.boards() == boards
    drop_former(installation)


def test_a_rehearsal_restores_and_changes_nothing(installation):
    installation.ok("dump_db.sh", "--database-only")
    delete_all(installation)

    said = installation.ok("restore_db.sh", "--rehearse")

    assert "rehearsed: " in said
    assert rows(installation, select(Submission)) == []
    drop_former(installation)


def test_a_restore_asks_first(installation):
    dump = installation.ok("dump_db.sh", "--database-only").splitlines()[-1]
    same = installation.run("restore_db.sh", dump)
    delete_all(installation)

    other = installation.run("restore_db.sh", dump)

    assert "(the same)" in same.stdout
    assert "(the same)" not in other.stdout
    assert "> submissions " in other.stdout
    assert "nothing was changed" in other.stderr
    assert rows(installation, select(Submission)) == []
    drop_former(installation)


# issue 5, 4: the services are down while the database is swapped
@pytest.mark.parametrize(
    ("options", "told"), [((), ["stop", "start"]), (("--stay-down",), ["stop"])]
)
def test_a_restore_stops_the_services_and_starts_them_again(small, options, told):
    small.fill()
    dump = small.ok("dump_db.sh", "--database-only").splitlines()[-1]
    services, log = small.base / "services", small.base / "log"
    services.write_text(f'#!/bin/sh\necho "$@" >>{log}\n')
    services.chmod(0o755)

    small.ok("restore_db.sh", "--yes", *options, dump, DATABOARD_SERVICES=str(services))

    lines = log.read_text().splitlines()
    assert lines == [f"{word} databoard-web databoard-trainer databoard-mailer" for word in told]


# checklist 60
def test_production_fills_the_test_server(installation):
    with open_session(installation.url) as session:
        session.add(
            OutgoingMail(
                key="k", to="a@example.org", subject="s", body="b", created_at=NOON, due_at=NOON
            )
        )
        session.commit()
    boards = installation.boards()
    installation.ok("dump_db.sh")
    delete_all(installation)

    installation.ok("prod_db_to_test.sh")

    assert installation.boards() == boards
    assert rows(installation, select(OutgoingMail)) == []
    assert not (installation.root / "submissions" / "submissions").exists()
    assert revision(installation) == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    drop_former(installation)


# checklist 60
@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ({"DATABOARD_PRODUCTION": "True"}, "production"),
        ({"DATABOARD_MAIL_URL": "smtp://mail.example.org"}, "sends letters"),
    ],
)
def test_a_server_that_matters_is_not_filled(small, variable, says):
    small.write_env(**variable)

    assert says in small.refused("prod_db_to_test.sh")


# checklist 56
@pytest.mark.parametrize("backup", ["absent", "same disk"])
def test_nothing_is_written_where_no_disk_is_mounted(small, backup):
    small.fill()
    small.write_env(DATABOARD_BACKUP_SAME_DISK="False")
    if backup == "absent":
        small.backup.rmdir()

    assert "mounted?" in small.refused("dump_db.sh")

    assert not small.backup.exists() or list(small.backup.iterdir()) == []


def test_a_disk_of_its_own_is_taken(small):
    small.fill()
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == small.root.stat().st_dev:
        pytest.skip("there is no second file system here")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        small.write_env(DATABOARD_BACKUP_SAME_DISK="", DATABOARD_BACKUP=folder)

        dump = small.ok("dump_db.sh").splitlines()[-1]

        assert Path(dump).is_file()
        assert Path(dump).parent == Path(folder)


# checklist 56
def test_a_database_that_cannot_be_dumped_leaves_nothing(installation):
    installation.write_env(DATABOARD_DB_URL=installation.url + "_that_is_not_there")

    installation.refused("dump_db.sh")

    assert [p for p in installation.backup.iterdir() if p.name != ".lock"] == []


def test_no_password_is_in_a_list_of_processes(tmp_path, small):
    """The address with the password goes to pg_dump by the environment."""
    folder = tmp_path / "fake"
    folder.mkdir()
    fake = folder / "pg_dump"
    fake.write_text('#!/bin/sh\necho "$@ | $PGPASSWORD" >&2\nexit 1\n')
    fake.chmod(0o755)
    small.write_env(DATABOARD_DB_URL="postgresql://ada:p%40ss%2Fword@localhost:5432/databoard")

    said = small.refused("dump_db.sh", PATH=f"{folder}:{small.environment['PATH']}")

    arguments, password = said.splitlines()[0].split(" | ")
    assert "postgresql://ada@localhost:5432/databoard" in arguments
    assert "p%40ss" not in arguments
    assert password == "p@ss/word"


def make_dumps(small, *ages_days, content):
    paths = {}
    for age in ages_days:
        path = small.backup / f"databoard_{age:03}.dump"
        path.write_bytes(content)
        at = time.time() - age * DAY_S - 60
        os.utime(path, (at, at))
        paths[age] = path
    return paths


@pytest.fixture
def good(small):
    small.fill()
    path = Path(small.ok("dump_db.sh", "--database-only").splitlines()[-1])
    content = path.read_bytes()
    path.unlink()
    return content


# checklist 58
def test_dumps_of_ten_days_stay_and_then_one_of_each_week(small, good):
    dumps = make_dumps(small, *range(80), content=good)

    small.ok("housekeeping.sh")

    kept = [age for age, path in dumps.items() if path.exists()]
    weeks = {}
    for age in sorted(dumps):
        at = datetime.fromtimestamp(time.time() - age * DAY_S - 60, UTC)
        weeks.setdefault(at.isocalendar()[:2], age)
    expected = {*range(10), *(age for age in weeks.values() if age < 56)}
    assert set(kept) == expected
    assert 11 <= len(kept) < 20


# checklist 58
def test_the_last_good_dump_stays_however_old(small, good):
    dumps = make_dumps(small, 400, 300, content=good)
    young = make_dumps(small, 2, content=b"not a dump")
    (small.backup / "databoard_old.tar").write_text("not ours")

    said = small.ok("housekeeping.sh")

    assert [age for age, path in dumps.items() if path.exists()] == [300]
    assert young[2].exists()
    assert (small.backup / "databoard_old.tar").exists()
    assert str(dumps[300]) in said


def test_a_dry_run_of_the_housekeeping_removes_nothing(small, good):
    dumps = make_dumps(small, 1, 400, content=good)

    assert f"would go: {dumps[400]}" in small.ok("housekeeping.sh", "--dry-run")

    assert dumps[400].exists()


def test_a_folder_without_a_good_dump_is_an_error(small):
    make_dumps(small, 1, content=b"not a dump")

    assert "no good dump" in small.refused("housekeeping.sh")


def test_what_has_gone_since_the_last_backup_is_put_aside(small):
    small.fill()
    small.ok("dump_db.sh")
    first = min((small.root / "submissions").iterdir())
    (first / "classifier.py").unlink()
    time.sleep(1)  # a dump is named by its second

    small.ok("dump_db.sh")

    mirror = small.backup / "files" / "submissions"
    assert small.tree(mirror) == small.tree()
    [aside] = (small.backup / "removed").rglob("classifier.py")
    assert aside.read_text() == "pass\n"


# issue 5, 5
@pytest.mark.parametrize(("command", "ok"), [("dump_db.sh", True), ("no_such.sh", False)])
def test_a_task_leaves_a_row(small, command, ok):
    small.fill()

    done = small.run(
        "with_env.sh", "manage.py", "run-task", "backup", "--",
        "bash", "-c", f"echo hello; exec {Path(__file__).parents[2]}/tools/{command}",
    )  # fmt: skip

    [run] = rows(small, select(TaskRun))
    assert (done.returncode == 0) is ok
    assert (run.name, run.ok) == ("backup", ok)
    assert run.started_at <= run.ended_at
    assert run.message.startswith("hello")
    assert ok or "ended with code 127" in run.message


def test_a_task_does_its_work_without_a_database(small):
    done = small.run("with_env.sh", "manage.py", "run-task", "clean", "--", "echo", "swept")

    assert done.returncode == 0
    assert "swept" in done.stdout
    assert "is not noted" in done.stderr


# checklist 59
def test_backups_are_made_more_often_during_an_event(small):
    said = small.ok("with_env.sh", "fab", "backup_every:1h", PATH=no_crontab(small))

    own = small.root / "crontab"
    assert f"crontab {own}" in said
    [line] = [line for line in own.read_text().splitlines() if "run-task backup" in line]
    assert line.startswith("7 * * * * ")
    assert crontab.interval_of(own.read_text(), "backup") == timedelta(hours=1)
    with pytest.raises(InvalidError, match="divide"):
        backups.backup_every(small.settings, "7h")
    assert crontab.interval_of(own.read_text(), "backup") == timedelta(hours=1)


# checklist 59
@pytest.mark.parametrize("minutes", [5, 15, 30, 60, 120, 360, 1440])
def test_the_interval_that_is_written_is_the_one_that_is_read(minutes):
    shipped = backups.SHIPPED.read_text()
    assert crontab.interval_of(shipped, "backup") == timedelta(days=1)
    assert crontab.interval_of(shipped, "rehearsal") == timedelta(days=7)

    changed = crontab.with_interval(shipped, "backup", timedelta(minutes=minutes))

    assert crontab.interval_of(changed, "backup") == timedelta(minutes=minutes)
    assert len(set(changed.splitlines()) ^ set(shipped.splitlines())) == (2 * (minutes != 1440))


def no_crontab(small):
    """A PATH whose crontab, if there is one, is not the machine's."""
    folder = small.base / "bin"
    folder.mkdir(exist_ok=True)
    fake = folder / "crontab"
    fake.write_text('#!/bin/sh\necho "crontab $1"\n')
    fake.chmod(0o755)
    return f"{folder}:{small.environment['PATH']}"


# checklist 54
def test_the_raw_lines_of_the_manual_give_a_copy_that_works(small, tmp_path):
    small.url = f"sqlite:///{small.root}/db/databoard.db"
    small.write_env()
    small.fill()
    copy = tmp_path / "copy"
    copy.mkdir()
    for line in (
        f"rsync -rultv {small.root}/db/databoard.db db/",
        f"rsync -rultv {small.root}/submissions ./",
    ):
        small.ok("bash", "-c", f"cd {copy} && {line}")
    boards, files = small.boards(), small.tree()

    small.url = f"sqlite:///{copy}/db/databoard.db"

    assert small.boards() == boards
    assert small.tree(copy / "submissions") == files


# checklist 64
def test_remounting_prints_its_commands(small):
    small.write_env(
        DATABOARD_SCIENCEFS="files.example.org:/homes/databoard",
        SCIENCEFS_LOGIN="balazs.kegl",
        DATABOARD_DISK_MOUNT=str(small.base),
    )

    mount, sshfs = small.ok("remount.sh", DRY_RUN="1").splitlines()

    assert mount.split() == ["mount", "/dev/vdb", str(small.base)]
    assert "balazs.kegl@files.example.org:/homes/databoard" in sshfs
    assert "StrictHostKeyChecking=yes" in sshfs
    assert f"IdentityFile={small.base}/.ssh/id_rsa_sciencefs" in sshfs
    assert "arcfour" not in sshfs

    small.write_env(DATABOARD_SCIENCEFS_KEY="~/keys/backup")
    assert f"IdentityFile={small.base}/keys/backup" in small.ok("remount.sh", DRY_RUN="1")


# checklist 64
def test_what_is_mounted_is_left_alone(small):
    small.write_env(DATABOARD_DISK_MOUNT="/proc")

    assert small.ok("remount.sh") == "/proc is mounted\n"
