"""The services of a desk on AWS, for a desk of the browser tests: what `make run-aws` does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from tests.e2e.desk import ROOT, free_port
from tests.local_aws import REGION, SECRET, new_account

STAGE = "local"


def deploy(*arguments: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _redis() -> str:
    """A desk on AWS has one: with each process's memory instead it would be another desk."""
    found = os.environ.get("TEST_REDIS_URL")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("no Redis for a desk on AWS: set TEST_REDIS_URL")
        pytest.skip("no Redis for a desk on AWS: set TEST_REDIS_URL")
    return found


def environment(aws_url: str, *, database_url: str, site: str, files: Path) -> dict[str, str]:
    """Make an account with the desk's stacks, and give all that a desk there is told.

    `files` is the folder of the embedded storage, whose files are there as well. Skips, and says
    so, where there is no Redis.
    """
    env = {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": new_account(),
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    parameters = {
        "LocalSiteUrl": site,
        "LocalDatabaseUrl": database_url,
        "LocalCacheUrl": _redis(),
        "LocalQueueHost": urlsplit(aws_url).netloc,
        "LocalPages": aws_url,
    }
    given = [part for pair in parameters.items() for part in ("--set", "=".join(pair))]
    deploy("up", "--stage", STAGE, "--yes", *given, env=env)
    bucket = deploy("output", "--stage", STAGE, "data", "FilesBucket", env=env)
    storage = boto3.Session(env["AWS_ACCESS_KEY_ID"], SECRET, region_name=REGION).client(
        "s3", endpoint_url=aws_url
    )
    for path in files.rglob("*"):
        if path.is_file():
            storage.upload_file(str(path), bucket, path.relative_to(files).as_posix())
    queue = deploy("output", "--stage", STAGE, "messaging", "WorkerQueueUrl", env=env)
    return env | {
        "SSM_PREFIX": f"/tendril/{STAGE}",
        "WORKER_QUEUE": queue,
        "TIER_PORT": str(free_port()),
    }
