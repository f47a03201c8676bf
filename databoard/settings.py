"""Settings: the only reader of the environment.

``Settings.from_env()`` is called once at each edge (web, trainer, command line) and passed down.
``env.sample`` documents every variable; a test holds the two together.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from databoard.errors import SettingsError

TRUE = {"1", "true", "t", "yes", "y", "on"}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
FALSE = {"", "0", "false", "f", "no", "n", "off"}
PROVIDER = re.compile(r"DATABOARD_OIDC_([A-Z0-9]+)_ISSUER")


def parse_bool(text: str, name: str = "value") -> bool:
    """Read a boolean as people write it.

    Raises
    ------
    SettingsError
        If the text is neither a yes nor a no.
    """
    word = text.strip().strip("\"'").lower()
    if word not in TRUE | FALSE:
        raise SettingsError(f"{name} must be True or False, not {text!r}.")
    return word in TRUE


def _count(env: Mapping[str, str], name: str) -> int:
    """Read a whole number, 0 where there is none."""
    text = env.get(name, "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def check_executor(text: str) -> str:
    """Return where folds run, if it is a safe place: whoever reaches a Dask port runs any code.

    Raises
    ------
    SettingsError
        If it is nothing that we know, or an open port of another machine.
    """
    if text in ("local", "slurm"):
        return text
    try:
        url = urlsplit(text)
        is_address = bool(url.hostname and url.port) and not url.path.strip("/")
    except ValueError:  # a port beyond 65,535, half an IPv6 address
        is_address = False
    if not is_address or url.scheme not in ("tls", "tcp"):
        raise SettingsError(
            f"DATABOARD_EXECUTOR must be local, slurm or tls://<scheduler>:8786, not {text!r}."
        )
    if url.scheme == "tcp" and url.hostname not in LOOPBACK:
        raise SettingsError(
            f"DATABOARD_EXECUTOR={text} is refused: without TLS whoever reaches the scheduler's "
            f"port can run any code and read all data. Use tls://{url.netloc}, with certificates; "
            "plain tcp:// is for 127.0.0.1 only."
        )
    return text


def _database_url(env: Mapping[str, str], *, is_test: bool) -> str:
    name = "DATABOARD_DB_URL_TEST" if is_test else "DATABOARD_DB_URL"
    url = env.get(name, "").strip()
    if not url:
        raise SettingsError(
            f"Set {name}, for instance {name}=sqlite:///db/databoard.db "
            "or postgresql://user:password@localhost/databoard."
        )
    if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", url):
        raise SettingsError(f"{name} must begin with sqlite:/// or postgresql://.")
    # The old spelling that SQLAlchemy no longer takes, still found in many environments.
    return (
        "postgresql://" + url.removeprefix("postgres://") if url.startswith("postgres://") else url
    )


def _secret_key(env: Mapping[str, str], root: Path) -> str:
    """Read the key of sessions and links, or make it at the first start, in a 0600 file."""
    key = env.get("DATABOARD_SECRET_KEY", "").strip()
    if key:
        if len(key.encode()) < 32:
            raise SettingsError("DATABOARD_SECRET_KEY must have at least 32 bytes.")
        return key
    path = root / "db" / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Web and trainer may start together: the first whole file wins.
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        part.touch(0o600)
        part.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(part)
        part.unlink()
    return path.read_text().strip()


@dataclass(frozen=True)
class Provider:
    """Somebody else who says who a visitor is, by OpenID Connect."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str


def _providers(env: Mapping[str, str]) -> tuple[Provider, ...]:
    """Read the providers of sign-in, DATABOARD_OIDC_<NAME>_..., in the order of their names."""
    names = sorted(found[1] for key in env if (found := PROVIDER.fullmatch(key)) and env[key])
    return tuple(_provider(env, name) for name in names)


def _provider(env: Mapping[str, str], name: str) -> Provider:
    def read(what: str) -> str:
        return env.get(f"DATABOARD_OIDC_{name}_{what}", "").strip()

    issuer, client_id, client_secret = map(read, ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
    url = urlsplit(issuer)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise SettingsError(f"DATABOARD_OIDC_{name}_ISSUER must begin with https://.")
    if not client_id or not client_secret:
        raise SettingsError(
            f"DATABOARD_OIDC_{name}_ISSUER needs DATABOARD_OIDC_{name}_CLIENT_ID "
            f"and DATABOARD_OIDC_{name}_CLIENT_SECRET."
        )
    return Provider(
        name.lower(), issuer, client_id, client_secret, read("LABEL") or name.capitalize()
    )


@dataclass(frozen=True)
class Settings:
    """What one installation is set to; every path is absolute, and secrets are not shown."""

    database_url: str = field(repr=False)
    is_test: bool
    root: Path
    secret_key: str = field(repr=False)
    public_url: str
    mail_url: str = field(repr=False)
    mail_from: str
    slow_query_s: float | None
    executor: str
    workers: int
    min_isolation: str
    allow_unsafe: bool
    is_production: bool
    csrf_enabled: bool
    proxies: int = 0
    test_sends_mail: bool = False
    metrics_token: str = field(default="", repr=False)
    sentry_dsn: str = field(default="", repr=False)
    providers: tuple[Provider, ...] = ()
    target_local: str = "/tmp/databoard_test"  # noqa: S108 - where the manual publishes to
    target_test: str = ""
    target_production: str = ""
    target_code: str = "code"
    target_data: str = "data"
    ssh: str = "ssh"
    datarun_url: str = ""
    datarun_username: str = ""
    datarun_password: str = field(default="", repr=False)

    @property
    def problems_dir(self) -> Path:
        """Where problem folders live."""
        return self.root / "problems"

    @property
    def environments_dir(self) -> Path:
        """Where the problems' own environments are built."""
        return self.root / "environments"

    @property
    def submissions_dir(self) -> Path:
        """Where the server keeps sources, predictions and logs."""
        return self.root / "submissions"

    def environment(self) -> dict[str, str]:
        """Environment in which another process of ours finds this very installation."""
        return {
            **os.environ,
            "DATABOARD_TEST": "False",
            "DATABOARD_DB_URL": self.database_url,
            "DATABOARD_ROOT": str(self.root),
            "DATABOARD_SECRET_KEY": self.secret_key,
        }

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Raises
        ------
        SettingsError
            Naming the variable that is missing or wrong.
        """
        env = os.environ if env is None else env
        root = Path(env.get("DATABOARD_ROOT") or Path.cwd()).resolve()
        is_test = parse_bool(env.get("DATABOARD_TEST", ""), "DATABOARD_TEST")
        perf = env.get("DATABOARD_DB_PERF", "").strip()
        return cls(
            database_url=_database_url(env, is_test=is_test),
            is_test=is_test,
            root=root,
            secret_key=_secret_key(env, root),
            public_url=env.get("DATABOARD_PUBLIC_URL", "http://localhost:8080").rstrip("/"),
            mail_url=env.get("DATABOARD_MAIL_URL", "") or f"file://{root / 'db' / 'mail'}",
            mail_from=env.get("DATABOARD_MAIL_FROM", "databoard@localhost"),
            slow_query_s=_slow_query(perf),
            executor=check_executor(env.get("DATABOARD_EXECUTOR", "").strip() or "local"),
            workers=_count(env, "DATABOARD_WORKERS") or os.cpu_count() or 1,
            min_isolation=env.get("DATABOARD_MIN_ISOLATION", "ns").strip() or "ns",
            allow_unsafe=env.get("DATABOARD_ALLOW_UNSAFE", "") == "i-trust-every-participant",
            is_production=parse_bool(env.get("DATABOARD_PRODUCTION", ""), "DATABOARD_PRODUCTION"),
            csrf_enabled=parse_bool(env.get("WTF_CSRF_ENABLED", "True"), "WTF_CSRF_ENABLED"),
            proxies=_count(env, "DATABOARD_PROXIES"),
            test_sends_mail=parse_bool(
                env.get("DATABOARD_TEST_SENDS_MAIL", ""), "DATABOARD_TEST_SENDS_MAIL"
            ),
            metrics_token=env.get("DATABOARD_METRICS_TOKEN", "").strip(),
            sentry_dsn=env.get("DATABOARD_SENTRY_DSN", "").strip(),
            providers=_providers(env),
            target_local=env.get("DATABOARD_TARGET_LOCAL") or cls.target_local,
            target_test=env.get("DATABOARD_TARGET_TEST", "").strip(),
            target_production=env.get("DATABOARD_TARGET_PRODUCTION", "").strip(),
            target_code=env.get("DATABOARD_TARGET_CODE") or cls.target_code,
            target_data=env.get("DATABOARD_TARGET_DATA") or cls.target_data,
            ssh=env.get("DATABOARD_SSH") or cls.ssh,
            datarun_url=env.get("DATARUN_URL", "").strip(),
            datarun_username=env.get("DATARUN_USERNAME", "").strip(),
            datarun_password=env.get("DATARUN_PASSWORD", ""),
        )


def _slow_query(text: str) -> float | None:
    """DATABOARD_DB_PERF: unset is off, a number is a threshold in seconds, a yes is 0.5 s."""
    if not text or text.lower() in FALSE - {"0"}:
        return None
    try:
        return float(text)
    except ValueError:
        return 0.5 if parse_bool(text, "DATABOARD_DB_PERF") else None
