"""What a server is made of: files that are shipped, and the script that sets it up."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from databoard.web.security import MAX_REQUEST_BYTES
from tests.operations.conftest import ROOT, TOOLS, find, migrated_file, need

DEPLOY = ROOT / "deploy"
SCRIPTS = sorted(TOOLS.glob("*.sh"))
SITE = "--site=ramp.example.org"


def run(*words, **env):
    return subprocess.run(
        [*map(str, words)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def deploy(*words, **env):
    done = run(TOOLS / "deploy_databoard.sh", SITE, *words, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shipped():
    """Give the files of tools/ and deploy/."""
    paths = (*TOOLS.rglob("*"), *DEPLOY.rglob("*"))
    return [path for path in paths if path.is_file() and path.suffix != ".pyc"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The files of a server, below a folder."""
    need("openssl")
    folder = tmp_path_factory.mktemp("etc")
    deploy(f"--prefix={folder}", "--backup=/mnt/backup")
    return folder


# checklist 55
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_in_order(script):
    assert run("bash", "-n", script).returncode == 0
    need("shellcheck")
    done = run(find("shellcheck"), "-x", "-P", ROOT, script)
    assert done.stdout == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_run_and_says_what_it_does(script):
    is_sourced = script.name == "common.sh"
    assert bool(script.stat().st_mode & stat.S_IXUSR) is not is_sourced
    assert script.read_text().splitlines()[1].startswith("# ")


# checklist 55
def test_a_second_run_changes_nothing(prefix):
    before = {path: path.read_bytes() for path in prefix.rglob("*") if path.is_file()}

    said = deploy(f"--prefix={prefix}", "--backup=/mnt/backup")

    assert said == "nothing changed\n"
    assert {path: path.read_bytes() for path in prefix.rglob("*") if path.is_file()} == before


# checklist 55
def test_a_dry_run_prints_every_section_and_writes_nothing(tmp_path):
    said = deploy("--backup=/mnt/backup", f"--code={tmp_path}/code", DRY_RUN="1")

    assert said == deploy("--backup=/mnt/backup", f"--code={tmp_path}/code", DRY_RUN="1")
    assert list(tmp_path.iterdir()) == []
    for part in ("databases databoard, databoard_test", "db upgrade", "nginx -t", "crontab -u"):
        assert part in said
    for line in said.splitlines()[:-1]:
        assert line.startswith(("would ", "there is no /mnt/backup"))


# issue 5, 6
def test_the_doctor_looks_at_a_server_that_runs_before_it_is_changed(tmp_path):
    (tmp_path / "code" / "releases" / "v1").mkdir(parents=True)
    (tmp_path / "code" / "current").symlink_to("releases/v1")

    said = deploy(f"--code={tmp_path}/code", DRY_RUN="1").splitlines()

    assert said[0].endswith(f"{tmp_path}/code/current/tools/with_env.sh manage.py doctor")


# checklist 53, 55
def test_secrets_are_made_on_the_server_in_one_file(prefix, tmp_path):
    env = prefix / "etc/databoard/env"
    deploy(f"--prefix={tmp_path}", "--only=settings")
    other = (tmp_path / "etc/databoard/env").read_text()

    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    secrets = re.findall(r"[0-9a-f]{40,}", env.read_text())
    assert len(set(secrets)) == 2  # the database's, for both, and the key of sessions
    assert not set(secrets) & set(re.findall(r"[0-9a-f]{40,}", other))
    for path in shipped():
        assert not re.search(r"\b[0-9a-f]{40,}\b|BEGIN [A-Z ]+KEY-----", path.read_text()), path


# checklist 81
def test_every_variable_of_a_server_is_in_env_sample(prefix):
    offered = set(
        re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / "env.sample").read_text(), re.MULTILINE)
    )
    text = "\n".join(path.read_text() for path in shipped())
    text += (prefix / "etc/databoard/env").read_text()

    used = set(re.findall(r"\b(DATABOARD_[A-Z][A-Z_]*[A-Z]|SCIENCEFS_LOGIN)\b", text))

    assert used - offered == set()


# checklist 52
def test_nginx_takes_the_site(prefix, tmp_path):
    need("nginx")
    site = (prefix / "etc/nginx/sites-available/databoard").read_text()
    assert "@" not in re.sub(r"#.*", "", site)
    plain = tmp_path / "plain"
    deploy(f"--prefix={plain}", "--only=nginx", "--tls=none")
    for text in (site, (plain / "etc/nginx/sites-available/databoard").read_text()):
        check_nginx(tmp_path, text.replace("/etc/databoard/tls", f"{prefix}/etc/databoard/tls"))
    assert "ssl" not in (plain / "etc/nginx/sites-available/databoard").read_text()


def check_nginx(folder: Path, site: str) -> None:
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; include {folder}/site.conf; }}\n"
    )
    done = run(find("nginx"), "-t", "-q", "-e", "stderr", "-c", folder / "nginx.conf")
    assert done.returncode == 0, done.stderr


def test_nginx_takes_what_the_application_takes():
    assert (
        f"client_max_body_size {MAX_REQUEST_BYTES // 2**20}m;"
        in (DEPLOY / "nginx.conf").read_text()
    )
    assert f"LimitRequestBody {MAX_REQUEST_BYTES}\n" in (TOOLS / "databoard.conf").read_text()


def test_systemd_takes_the_units(prefix, tmp_path):
    need("systemd-analyze")
    units = sorted((prefix / "etc/systemd/system").glob("*.service"))
    assert len(units) == 3
    for unit in units:
        # Verified as it is, but for a program and a user that this machine need not have.
        text = unit.read_text().replace("/srv/databoard/code/current/tools", str(TOOLS))
        text = text.replace("User=databoard", "User=root").replace("Group=databoard", "Group=root")
        (tmp_path / unit.name).write_text(text)
    done = run("systemd-analyze", "verify", "--man=no", *tmp_path.glob("*.service"))
    about_ours = [line for line in done.stderr.splitlines() if "databoard" in line]
    assert about_ours == [], done.stderr


def test_supervisor_takes_its_file(prefix, tmp_path):
    options = pytest.importorskip("supervisor.options")
    text = (prefix / "etc/databoard/supervisord.conf").read_text()
    for place in ("/run/databoard", "/var/log/databoard"):
        text = text.replace(place, str(tmp_path))
    text = re.sub(r"(user=|chown=)\S+", r"\1root" if os.getuid() == 0 else "", text)
    path = tmp_path / "supervisord.conf"
    path.write_text(text.replace("chown=root", "chown=root:root"))
    read = options.ServerOptions()
    read.realize(["-c", str(path), "-n"], doc="")

    names = {group.name for group in read.process_group_configs}
    assert names == {"databoard-web", "databoard-trainer", "databoard-mailer"}
    waits = {
        group.name: group.process_configs[0].stopwaitsecs for group in read.process_group_configs
    }
    assert waits["databoard-trainer"] == 60


# checklist 52
def test_apache_takes_its_file(tmp_path):
    need("apache2")
    modules = Path("/usr/lib/apache2/modules")
    if not (modules / "mod_wsgi.so").exists():
        pytest.skip("mod_wsgi is not installed (apt-get install libapache2-mod-wsgi-py3)")
    # As it is, but for a user that this machine need not have.
    site = (TOOLS / "databoard.conf").read_text()
    site = site.replace("user=databoard group=databoard", "user=www-data group=www-data")
    loaded = ("mpm_event", "authz_core", "authz_host", "wsgi")
    (tmp_path / "apache2.conf").write_text(
        f"ServerRoot {tmp_path}\nServerName localhost\nPidFile {tmp_path}/pid\n"
        "Define APACHE_LOG_DIR .\nErrorLog error.log\nUser www-data\nGroup www-data\n"
        + "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in loaded)
        + 'LogFormat "%h %r" combined\n'
        + site
    )

    done = run(find("apache2"), "-t", "-f", tmp_path / "apache2.conf")

    assert (done.returncode, done.stderr.strip()) == (0, "Syntax OK")


# checklist 52
def test_the_callable_of_apache_answers(tmp_path):
    """In a process of its own: it reads an env file into the environment."""
    shutil.copyfile(migrated_file(), tmp_path / "x.db")
    (tmp_path / "env").write_text(
        f"# comment\nDATABOARD_DB_URL=sqlite:///{tmp_path}/x.db\n"
        f'DATABOARD_ROOT="{tmp_path}"\nDATABOARD_SECRET_KEY={"k" * 40}\n'
    )
    program = (
        "import importlib.machinery as m, importlib.util as u\n"
        f"loader = m.SourceFileLoader('wsgi_of_apache', {str(TOOLS / 'databoard.wsgi')!r})\n"
        "module = u.module_from_spec(u.spec_from_loader('wsgi_of_apache', loader))\n"
        "loader.exec_module(module)\n"
        "print(module.application.test_client().get('/login').status_code)\n"
    )
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABOARD_ENV_FILE": str(tmp_path / "env"),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "200\n", done.stderr


# checklist 59
def test_the_crontab_runs_what_there_is(prefix):
    text = (prefix / "etc/databoard/crontab").read_text()
    assert "TOOLS=/srv/databoard/code/current/tools\n" in text
    lines = [line for line in text.splitlines() if "run-task" in line]
    assert len(lines) >= 4
    # Issue 5, 4 and 5: each leaves its row, but the one that watches; restoring is rehearsed.
    jobs = [line for line in text.splitlines() if re.match(r"[\d*]", line)]
    [watching] = set(jobs) - set(lines)
    assert "manage.py monitor" in watching
    assert re.search(r"^\d+ \d+ \* \* \d +.* run-task rehearsal .*--rehearse$", text, re.MULTILINE)
    for line in lines:
        assert re.match(r"^[\d*/]+ [\d*/]+ \* \* [\d*] +\"", line), line
        for script in re.findall(r"\$TOOLS/([\w.]+)", line):
            assert (TOOLS / script).exists()


#: What the Compose specification knows, as far as it is used here.
OF_SERVICES = {
    "build", "command", "depends_on", "env_file", "environment", "healthcheck", "image", "ports",
    "restart", "security_opt", "stop_grace_period", "volumes",
}  # fmt: skip
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def test_compose_has_web_trainer_and_database():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())

    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "volumes"}
    services = compose["services"]
    assert {"web", "trainer", "mailer", "database"} <= set(services)
    assert services["trainer"]["image"] == services["web"]["image"]
    assert services["web"]["environment"]["DATABOARD_DB_URL"].startswith("postgresql://")
    for name, service in services.items():
        assert set(service) <= OF_SERVICES, name
        assert service["restart"] in ("no", "unless-stopped")
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), name
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"], name
        for other, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] in CONDITIONS
            is_healthy = wanted["condition"] == "service_healthy"
            assert not is_healthy or "healthcheck" in services[other], name


def test_compose_starts_what_there_is_and_holds_no_secret():
    text = (DEPLOY / "compose.yaml").read_text()
    services = yaml.safe_load(text)["services"]

    for name, service in services.items():
        # The image's entry point runs them; the database has an image of its own.
        command = service.get("command", ["manage.py", "db"])
        assert (ROOT / command[0]).is_file(), name
        assert command[1] in {"db", "train", "mail"}
        assert name == "database" or service["build"]["dockerfile"] == "deploy/Dockerfile"
    build = services["web"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    # A variable that is not set stops compose, and says where it belongs.
    assert set(re.findall(r"\$\{[^}]*\}", text)) == {"${POSTGRES_PASSWORD:?set it in deploy/.env}"}


def test_the_image_copies_what_there_is():
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def test_gunicorn_reads_its_file(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    loader = importlib.machinery.SourceFileLoader("gunicorn_conf", str(DEPLOY / "gunicorn.conf.py"))
    spec = importlib.util.spec_from_loader("gunicorn_conf", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    module.on_exit(None)
    config = pytest.importorskip("gunicorn.config").Config()

    known = set(vars(module)) & {*config.settings, "control_socket_disable"}
    assert {"bind", "chdir", "workers", "threads", "child_exit", "on_exit"} <= known
    # A setting that an older gunicorn does not have is left alone by it.
    for name in known - {"control_socket_disable"}:
        config.set(name, getattr(module, name))
    assert config.worker_class_str == "gthread"
