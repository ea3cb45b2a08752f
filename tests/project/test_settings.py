"""A bad value names its variable and what is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

import project.settings
from project import env
from project.secrets import embedded_secret_key

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DATABASE_URL", "mysql://x", "sqlite:, postgresql:"),
        ("CACHE_URL", "memcached://x", "memory:, redis:, rediss:"),
        ("FILES_URL", "ftp://x", "file:, s3:"),
        ("FILES_URL", "s3:bucket", "write s3://bucket"),
        ("SCANNER_URL", "norton:", "rules:, clamd:"),
        ("SCANNER_URL", "clamd:", "write clamd://host:3310"),
        ("DATABASE_URL", "postgresql:", "write postgresql://USER:PASSWORD@HOST:PORT/NAME"),
        ("DATABASE_URL", "postgresql://h:lots/d", "write postgresql://USER:PASSWORD@HOST:PORT/"),
        ("CACHE_URL", "redis://h:lots/0", "write redis://HOST:PORT/0"),
        ("CACHE_URL", "rediss:", "write rediss://HOST:PORT/0"),
        ("BUS_URL", "sns:x", "sns://"),
        ("STREAM_URL", "kinesis:", "use kinesis://<stream>"),
        ("FIGURES_URL", "dynamodb:", "use dynamodb://<table>"),
        ("ASSETS_URL", "https://x", "write s3://bucket"),
        ("BUS_URL", "kafka://x", "database:, sns:"),
        ("ROLE", "king", "web, worker"),
        ("BROKER_URL", "amqp://x", "lease:, sqs:, sqs+http:"),
        ("BROKER_URL", "sqs://x", "write it as sqs://HOST/ACCOUNT/PREFIX"),
        ("BROKER_URL", "sqs://x/123456789012/desk/", "write it as sqs://HOST/ACCOUNT/PREFIX"),
        ("BROKER_URL", "sqs+http://x/12/desk-", "write it as sqs://HOST/ACCOUNT/PREFIX"),
        ("STREAM_URL", "kafka:x", "lines:, kinesis:"),
        ("FIGURES_URL", "redis:x", "database:, dynamodb:"),
        ("METRICS_URL", "statsd:x", "none:, lines:, emf:, emf+tcp:"),
        ("TRACES_URL", "jaeger://x", "none:, otlp+http:, otlp+https:"),
        ("MAIL_URL", "pigeon:x", "folder:, smtp:, smtp+starttls:, smtps:, ses:"),
        ("MAIL_URL", "ses://a/b", "write ses://<configuration set>?inbox=<bucket"),
        ("SEARCH_URL", "solr://x", "database:"),
        ("IDENTITY_URL", "ldap://x", "local:, cognito+https:, cognito+http:, oidc+https:"),
        ("IDENTITY_GROUPS", "boss=king", "requester, agent, team lead, administrator"),
        ("STAFF_MFA", "sometimes", "required, optional"),
        ("DEMO", "maybe", "use 1 or 0"),
        ("ATTACHMENT_MAX_BYTES", "lots", "a whole number from 1024"),
        ("REOPEN_WINDOW_DAYS", "-1", "from 0 to 365"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR"),
        ("LOG_FORMAT", "xml", "json, text"),
    ],
)
def test_a_bad_value_is_refused_at_the_door(
    name: str, value: str, allowed: str, tmp_path: Path
) -> None:
    clean = {key: kept for key, kept in os.environ.items() if key != "DATABASE_URL"}

    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    (told,) = done.stderr.strip().splitlines()
    assert told.startswith(f"The desk can't start. {name}={value!r}")
    assert allowed in told


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "release"],
        ["-m", "gunicorn", "project.wsgi", "--preload", "--bind", "127.0.0.1:0"],
        ["-m", "gunicorn", "project.wsgi", "--bind", "127.0.0.1:0", "--workers", "1"],
    ],
    ids=lambda command: command[-1],
)
def test_no_process_starts_with_a_bad_value_and_no_password_is_shown(
    command: list[str], tmp_path: Path
) -> None:
    given = {"DATABASE_URL": "mysql://desk:secret@db.example/desk", "VAR_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert "The desk can't start. DATABASE_URL='mysql://***@db.example/desk'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay.example", "relay.example 25 '' '' False False"),
        ("smtp+starttls://u:ab%2Fcd%2B@x.example", "x.example 587 'u' 'ab/cd+' True False"),
        ("smtps://u%40d:p@x.example:4650", "x.example 4650 'u@d' 'p' False True"),
    ],
)
def test_a_mail_servers_url_is_read(url: str, expected: str, tmp_path: Path) -> None:
    told = (
        "from project.settings import *;"
        "print(EMAIL_HOST, EMAIL_PORT, repr(EMAIL_HOST_USER), repr(EMAIL_HOST_PASSWORD),"
        " EMAIL_USE_TLS, EMAIL_USE_SSL)"
    )

    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path), "MAIL_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.strip() == expected


def test_a_served_desk_needs_a_key_of_its_own(tmp_path: Path) -> None:
    clean = {key: kept for key, kept in os.environ.items() if key != "SECRET_KEY"}

    done = subprocess.run(
        [sys.executable, "-c", "import project.settings"],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(tmp_path), "DATABASE_URL": "postgresql://x/y"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "SECRET_KEY is not set" in done.stderr


def test_the_embedded_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = embedded_secret_key(tmp_path), embedded_secret_key(tmp_path)

    (kept,) = tmp_path.iterdir()
    assert first == second
    assert len(first) >= 40
    assert kept.stat().st_mode & 0o077 == 0


def test_passwords_of_people_are_hashed_slowly() -> None:
    """Those of the tests are not: see QuickHasher."""
    hashers = getattr(project.settings, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    preferred = import_string(hashers[0])

    assert issubclass(preferred, PBKDF2PasswordHasher)
    assert preferred.iterations >= 600_000  # OWASP's least, 2023


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_a_flag(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("A_FLAG", value)

    assert env.flag("A_FLAG", default=not expected) is expected


def test_names_are_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_NAMES", " a.example , ,b.example")

    assert env.names("SOME_NAMES", []) == ["a.example", "b.example"]
    assert env.names("OTHER_NAMES", ["x"]) == ["x"]
    with pytest.raises(ImproperlyConfigured, match="use a whole number from 1 to 3"):
        env.number("SOME_NAMES", 1, least=1, most=3)


@pytest.mark.skipif("TEST_REDIS_URL" not in os.environ, reason="no Redis: set TEST_REDIS_URL")
def test_the_cache_on_redis_is_the_same_cache(settings: object) -> None:
    settings.CACHES = {  # type: ignore[attr-defined]
        "default": {
            "BACKEND": "apps.ops.caches.redis.RedisCache",
            "LOCATION": os.environ["TEST_REDIS_URL"],
        }
    }
    cache = caches.create_connection("default")

    cache.set("key", {"a": 1}, 30)

    assert cache.get("key") == {"a": 1}
    assert cache.add("key", 2) is False
    cache.delete("key")
    assert cache.get("key") is None
    cache.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"IDENTITY_URL": "cognito+https://x.example/pool?client=c&pages=p"}, "id of a user pool"),
        ({"IDENTITY_URL": "cognito+https://x.example/eu-west-1_a?pages=p"}, "?client= is missing"),
        ({"IDENTITY_URL": "cognito+https://x.example/eu-west-1_a?client=c"}, "?pages= is missing"),
        ({"IDENTITY_URL": "oidc+https://x.example?client=c&walrus=1"}, "'walrus', use acr, apps"),
        ({"IDENTITY_URL": "oidc+https://x.example?client=c&mfa=no"}, "mfa= is always"),
        (
            {"IDENTITY_URL": "oidc+https://x.example?client=c", "IDENTITY_SECRET": ""},
            "IDENTITY_SECRET is not set",
        ),
        ({"LOCAL_ACCOUNTS": "0"}, "nobody could sign in; set IDENTITY_URL"),
    ],
)
def test_a_bad_provider_is_refused_at_start(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    kept = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}

    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=kept | {"VAR_DIR": str(tmp_path), "IDENTITY_SECRET": "s"} | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert told in done.stderr
