"""From a commit to versions that Beanstalk can deploy: how `release` and `bluegreen` begin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from deploy import bundle, consumers, contracts, previous
from deploy.beanstalk import PATIENT, Beanstalk
from deploy.contracts import BreaksError
from deploy.steps import Plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / "var" / "bundles"  # .elasticbeanstalk/config.yml names it too
_COMMIT = re.compile(r"\bcommit ([0-9a-f]{40})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for."""

    commit: str = "HEAD"
    processor: str = "aarch64"
    allowed: Collection[str] = ()  # contracts that may break
    since: str = ""  # the commit that is live, where nobody wrote it down
    previous: bool = True  # run the tests of the release before, where the schema changes


def plan(beanstalk: Beanstalk, wanted: Wanted, tell: Callable[[str], object]) -> Plan:
    """Build the last commit's bundles. Raises BundleError."""
    for name in bundle.uncommitted(ROOT):
        tell(f"  not in the bundle, since it is not committed: {name}")
    built = bundle.build(ROOT, BUNDLES, commit=wanted.commit, processor=wanted.processor)
    tell(f"built {built.label}: {', '.join(str(path) for path in built.paths.values())}")

    def check(description: str | None) -> None:
        then = wanted.since or _commit(description)
        contracts.check(
            ROOT,
            then=then,
            now=built.commit,
            allowed=wanted.allowed,
            usage=lambda: consumers.ask(beanstalk),
            tell=tell,
        )
        _manage(built.static, "expands", "--since", then, "--repository", str(ROOT))
        if not previous.changes(ROOT, then=then, now=built.commit):
            tell("  the schema stays as it is")
        elif wanted.previous:
            previous.check(ROOT, then=then, schema=built.static, tell=tell)
        else:
            tell("  the schema changes, and the tests of the release before are not run on it")

    def ship() -> None:
        _assets(beanstalk, built.static, tell)
        bucket = beanstalk.bucket()
        versions = {tier: beanstalk.desk.version(built.label, tier) for tier in built.paths}
        for tier, version in versions.items():
            key = f"tendril/{version}-{built.digest(tier)[:16]}.zip"
            _upload(beanstalk, built.paths[tier], bucket, key, tell)
            beanstalk.ensure_version(
                version, bucket=bucket, key=key, description=f"commit {built.commit}"
            )
        beanstalk.wait_for_versions(list(versions.values()))

    return Plan(label=built.label, commit=built.commit, check=check, ship=ship)


def _commit(description: str | None) -> str:
    found = _COMMIT.search(description or "")
    if not found:
        raise BreaksError("nobody wrote down which commit is live: say --since COMMIT")
    return found[1]


def _assets(beanstalk: Beanstalk, checkout: Path, tell: Callable[[str], object]) -> None:
    """Static files, before any instance has the new version; those of older ones stay."""
    ssm: SSMClient = boto3.client("ssm", config=PATIENT)
    name = f"/tendril/{beanstalk.desk.stage}/config/ASSETS_URL"
    try:
        url = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        tell("  no bucket for static files: the instances answer for them")
        return
    if beanstalk.is_dry:
        tell(f"  would send static files to {url}")
        return
    tell(f"  static files to {url}: {_manage(checkout, 'assets', ASSETS_URL=url).strip()}")


def _upload(
    beanstalk: Beanstalk, path: Path, bucket: str, key: str, tell: Callable[[str], object]
) -> None:
    """By a name that its content gives it: what is there already is the same."""
    s3: S3Client = boto3.client("s3", config=PATIENT)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
    else:
        return
    if beanstalk.is_dry:
        tell(f"  would upload {path.name} to s3://{bucket}/{key}")
        return
    tell(f"  upload {path.name} to s3://{bucket}/{key}")
    s3.upload_file(str(path), bucket, key)


def _manage(checkout: Path, *words: str, **environment: str) -> str:
    """Run a command of the commit that is released. Raises BreaksError with what it said."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "manage.py", *words],
        cwd=checkout,
        env={**os.environ, "VAR_DIR": str(checkout / "var"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BreaksError(f"manage.py {' '.join(words[:1])}: {done.stderr.strip()}")
    return done.stdout
