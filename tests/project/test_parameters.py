"""The desk finds its variables under one prefix of AWS's parameter store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from project import parameters

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/tendril/test"


def settings(code: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    ours = {"DATABASE_URL", "SECRET_KEY"}  # of this run
    clean = {key: kept for key, kept in os.environ.items() if key not in ours}
    return subprocess.run(
        [sys.executable, "-c", f"from project import settings as s; {code}"],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(folder), "SSM_PREFIX": PREFIX} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def stored(aws: dict[str, str]) -> None:
    ssm, secrets = boto3.client("ssm"), boto3.client("secretsmanager")
    plain = secrets.create_secret(Name="plain", SecretString="hush")["ARN"]
    database = secrets.create_secret(Name="db", SecretString='{"password": "p@ss"}')["ARN"]
    for name, value in {
        "config/DESK_NAME": "Walrus Watch",
        "config/SITE_URL": "https://desk.example",
        "config/REOPEN_WINDOW_DAYS": "7",
        "config/ALLOWED_HOSTS": "desk.example, help.example",
        "secrets/SECRET_KEY": plain,
        "secrets/DATABASE_PASSWORD": f"{database}#password",
        "network/VPC": "vpc-1",
        **{f"config/FILLER_{n}": str(n) for n in range(20)},  # more than one page of answers
    }.items():
        ssm.put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="String")


def test_they_stand_in_for_the_environment(stored: None, tmp_path: Path) -> None:
    done = settings("print(s.DESK_NAME, s.SITE_HOST, s.REOPEN_WINDOW_DAYS, s.SECRET_KEY)", tmp_path)

    assert done.stdout.split("\n")[0] == "Walrus Watch desk.example 7 hush", done.stderr


def test_the_environment_wins(stored: None, tmp_path: Path) -> None:
    done = settings("print(s.DESK_NAME)", tmp_path, DESK_NAME="Here")

    assert done.stdout == "Here\n"


def test_the_password_of_the_database_comes_from_its_secret(stored: None, tmp_path: Path) -> None:
    url = "postgresql://tendril@db.example:5432/desk"

    done = settings("print(s.DATABASES['default']['PASSWORD'])", tmp_path, DATABASE_URL=url)

    assert done.stdout == "p@ss\n"


def test_lists_are_read_there_too(stored: None, tmp_path: Path) -> None:
    done = settings("print(s.ALLOWED_HOSTS)", tmp_path)

    assert done.stdout == "['desk.example', 'help.example']\n", done.stderr


def test_a_secret_that_its_service_changes_is_read_again(
    stored: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = parameters.renewing(PREFIX, "DATABASE_PASSWORD", "p@ss")

    boto3.client("secretsmanager").put_secret_value(SecretId="db", SecretString=changed("new"))
    at_once = password()
    monkeypatch.setattr(parameters, "RENEWED_AFTER", 0)
    later = password()
    boto3.client("secretsmanager").delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    gone = password()

    assert (at_once, later, gone) == ("p@ss", "new", "new")


def changed(password: str) -> str:
    return json.dumps({"password": password})


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"SSM_PREFIX": "/tendril/nowhere"}, "SSM_PREFIX='/tendril/nowhere' holds no parameters"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "No AWS credentials for ssm"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "No AWS region for ssm: set AWS_REGION"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "SSM_PREFIX='/tendril/test' can't be read"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    env: dict[str, str], told: str, stored: None, tmp_path: Path
) -> None:
    quiet = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"}

    done = settings("print('up')", tmp_path, **quiet, **env)

    assert done.stdout == ""
    assert f"ImproperlyConfigured: {told}" in done.stderr.strip().splitlines()[-1]
