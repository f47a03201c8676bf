"""Settings: read once, named when wrong, and secrets kept."""

from __future__ import annotations

import dataclasses
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from databoard import settings as module
from databoard.errors import SettingsError
from databoard.settings import Settings, parse_bool

ROOT = Path(__file__).parents[1]
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def read(tmp_path):
    def read(**env):
        return Settings.from_env(
            {
                "DATABOARD_ROOT": str(tmp_path),
                "DATABOARD_DB_URL": "sqlite:///dev.db",
                "DATABOARD_DB_URL_TEST": "sqlite:///test.db",
                "DATABOARD_SECRET_KEY": KEY,
                **env,
            }
        )

    return read


def test_a_missing_database_is_named_in_one_line(read):  # checklist 4
    with pytest.raises(SettingsError, match=r"Set DATABOARD_DB_URL, ") as error:
        read(DATABOARD_DB_URL="")

    assert "\n" not in error.value.message


def test_a_missing_test_database_is_named_too(read):  # checklist 5
    with pytest.raises(SettingsError, match=r"Set DATABOARD_DB_URL_TEST, "):
        read(DATABOARD_DB_URL_TEST="", DATABOARD_TEST="True")
    assert read(DATABOARD_DB_URL_TEST="").database_url == "sqlite:///dev.db"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("False", "sqlite:///dev.db"),
        ("", "sqlite:///dev.db"),
        ("0", "sqlite:///dev.db"),
        ("no", "sqlite:///dev.db"),
        ("True", "sqlite:///test.db"),
        ("true", "sqlite:///test.db"),
        ("1", "sqlite:///test.db"),
        (" 'yes' ", "sqlite:///test.db"),
    ],
)
def test_the_text_false_is_false(read, text, url):  # checklist 6
    assert read(DATABOARD_TEST=text).database_url == url


def test_a_truth_that_is_none_is_refused_by_name(read):
    with pytest.raises(SettingsError, match="DATABOARD_TEST must be True or False, not 'maybe'"):
        read(DATABOARD_TEST="maybe")
    with pytest.raises(SettingsError):
        parse_bool("2")


def test_the_old_spelling_of_postgresql_is_understood(read):
    url = read(DATABOARD_DB_URL="postgres://u:p@localhost/d").database_url

    assert url == "postgresql://u:p@localhost/d"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("False", None),
        ("no", None),
        ("True", 0.5),
        ("yes", 0.5),
        ("0.2", 0.2),
        ("0", 0),
    ],
)
def test_slow_queries_have_a_threshold(read, text, seconds):
    assert read(DATABOARD_DB_PERF=text).slow_query_s == seconds


@pytest.mark.parametrize("name", ["DATABOARD_WORKERS", "DATABOARD_PROXIES"])
@pytest.mark.parametrize("text", ["many", "-1", "2.5", "nan", "inf", "²"])
def test_a_number_that_is_none_is_refused_by_name(read, name, text):
    with pytest.raises(SettingsError, match=f"{name} must be a whole number"):
        read(**{name: text})


def test_what_is_not_set_has_a_value_that_works(read, tmp_path):
    found = read()

    assert found.root == tmp_path
    assert (found.problems_dir, found.submissions_dir) == (
        tmp_path / "problems",
        tmp_path / "submissions",
    )
    assert found.mail_url == f"file://{tmp_path / 'db' / 'mail'}"
    assert (found.executor, found.min_isolation, found.proxies) == ("local", "ns", 0)
    assert found.workers >= 1
    assert not any((found.is_production, found.allow_unsafe, found.is_test))
    assert found.csrf_enabled


def test_only_the_exact_words_allow_what_is_unsafe(read):  # S0
    for text in ("1", "True", "i-trust"):
        assert not read(DATABOARD_ALLOW_UNSAFE=text).allow_unsafe
    assert read(DATABOARD_ALLOW_UNSAFE="i-trust-every-participant").allow_unsafe


def test_a_short_key_is_refused(read):  # W13
    with pytest.raises(SettingsError, match="at least 32 bytes"):
        read(DATABOARD_SECRET_KEY="short")


def test_a_key_is_made_once_and_for_its_owner_only(read, tmp_path):  # W13
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read(DATABOARD_SECRET_KEY="").secret_key, range(8)))

    assert len(keys) == 1
    assert len(keys.pop()) == 64
    path = tmp_path / "db" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_secrets_do_not_show_when_settings_are_printed(read):  # W13
    found = read(
        DATABOARD_DB_URL="postgresql://u:pass-word-1@localhost/d",
        DATABOARD_MAIL_URL="smtp://u:pass-word-2@mail.example.org",
    )

    assert not re.search(f"pass-word|{KEY}", repr(found))
    assert "public_url" in repr(found)


def test_settings_do_not_change(read):
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().is_test = True


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\b(?:DATABOARD_[A-Z_]+[A-Z]|WTF_CSRF_ENABLED)\b", text))


def test_the_sample_has_every_variable_that_settings_read():
    read = _variables(Path(module.__file__).read_text())

    assert read <= _variables((ROOT / "env.sample").read_text())


@pytest.mark.parametrize("url", ["db/mine.db", "sqlite:db/mine.db", "sqlite//db/mine.db"])
def test_an_address_that_names_no_database_is_refused_in_words(url):
    with pytest.raises(SettingsError, match="DATABOARD_DB_URL must begin with sqlite:///"):
        Settings.from_env({"DATABOARD_DB_URL": url})
