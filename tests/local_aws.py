"""A local AWS for tests, over the wire: each test is an account of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from apps.kernel import aws as clients
from tests.e2e.desk import free_port

REGION = "eu-central-1"
SECRET = "test"  # every account's: the local AWS's own choice, with which it checks signed links
PATIENCE = 60  # seconds


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The one that `make test` started, or one of this process."""
    given = os.environ.get("TEST_AWS_URL")
    if given:
        wait_for(given)
        yield given
        return
    with started(tmp_path_factory.mktemp("aws")) as url:
        yield url


class started:  # noqa: N801 - reads as a verb
    """A local AWS for as long as the block lasts. Its URL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    def __enter__(self) -> str:
        with (self.folder / "aws.log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ministack"))],
                cwd=self.folder,
                env={
                    **os.environ,
                    "GATEWAY_PORT": str(self.port),
                    "BIND_HOST": "127.0.0.1",
                    "MINISTACK_HOST": "127.0.0.1",
                    "IOT_MTLS_ENABLED": "0",
                    "LOG_LEVEL": "WARNING",
                    "AWS_SECRET_ACCESS_KEY": SECRET,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        url = f"http://127.0.0.1:{self.port}"
        wait_for(url)
        return url

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no local AWS at {url}")


def new_account() -> str:
    """A number that is also the access key of an account that nobody has used."""
    return f"{10**11 + secrets.randbelow(9 * 10**11)}"


@pytest.fixture
def aws(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An empty account; what the environment of a process that works in it holds."""
    environment = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": new_account(),
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the account of the test before
    clients.client.cache_clear()
    yield environment
    clients.client.cache_clear()
