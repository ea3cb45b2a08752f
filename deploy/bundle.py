"""What goes onto instances: a bundle for each tier, from one commit.

From the commit alone, never from the folder: what is not committed, and secrets that lie about,
can't get in. The same commit makes the same bytes. Static files are collected here and are sent to
the bucket before any instance has the new version, since pages of old and new instances are asked
for by turns. Wheels for the instances' processor are inside, so that a new instance depends on no
package index.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pathspec

from deploy import procfile

TIERS = ("web", "worker")
PYTHON = "3.11"  # Beanstalk's platform, and what the tests run on
# Amazon Linux 2023 has glibc 2.34: wheels for it and for anything older run there.
GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
PROCESSORS = ("aarch64", "x86_64")  # Graviton first: the templates' default
BUILD = "BUILD"  # the file that says which version this is; figures are told apart by it
MOST = 500 * 2**20  # bytes: Beanstalk takes no larger bundle

# Beanstalk's option names of a load balancer, and the names of its resources. A worker environment
# has none and refuses them, though nobody says so before the deployment fails.
_BALANCER = re.compile(r"^\s*(?:aws:elbv2:|aws:elb:|AWSEBV2)", re.MULTILINE)
_HOOK = re.compile(r"^\.platform/(?:conf)?hooks/")


class BundleError(Exception):
    """Why there is no bundle, and what to do."""


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundles:
    """What was built of a commit."""

    label: str
    commit: str
    paths: Mapping[str, Path]  # by tier
    static: Path  # a checkout of the commit whose static files are collected

    def digest(self, tier: str) -> str:
        return hashlib.sha256(self.paths[tier].read_bytes()).hexdigest()


def label_of(root: Path, commit: str = "HEAD") -> tuple[str, str]:
    """A commit's label (its time and its short name) and its full name. Raises BundleError."""
    told = _git(root, "log", "-1", "--format=%H %h %ct", commit, "--").decode().split()
    full, short, seconds = told
    # The commit's own time, not now: the same commit must be the same version.
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y%m%d-%H%M%S}-{short}", full


def uncommitted(root: Path) -> list[str]:
    """Files that differ from the last commit: no bundle has them so."""
    told = _git(root, "status", "--porcelain", "--untracked-files=normal").decode()
    return [line[3:] for line in told.splitlines()]


def build(root: Path, to: Path, *, commit: str = "HEAD", processor: str = "aarch64") -> Bundles:
    """Write `web.zip` and `worker.zip` into `to`. Raises BundleError."""
    label, full = label_of(root, commit)
    files = dict(_committed(root, full))
    checkout = _fresh(to / "checkout")
    _write(files, checkout)
    wheels = _wheels(files["requirements.txt"].content, to / "wheels", processor)
    files |= {BUILD: File(f"{label}\n".encode())} | _collected(checkout)
    files |= {f"wheels/{wheel.name}": File(wheel.read_bytes()) for wheel in sorted(wheels)}
    # pip reads these in the file itself, and looks beside it: Beanstalk's own command stays.
    alone = b"--no-index\n--find-links wheels\n"
    files["requirements.txt"] = File(alone + files["requirements.txt"].content)
    seconds = int(_git(root, "log", "-1", "--format=%ct", full).decode())
    paths = {}
    for tier in TIERS:
        paths[tier] = to / f"{tier}.zip"
        content = _zip(of_tier(files, tier), datetime.fromtimestamp(seconds, UTC))
        if len(content) > MOST:
            raise BundleError(f"{tier}.zip has {len(content)} bytes, and Beanstalk takes {MOST}")
        _replace(paths[tier], content)
    return Bundles(label=label, commit=full, paths=paths, static=checkout)


def of_tier(files: Mapping[str, File], tier: str) -> dict[str, File]:
    """What one tier gets. Raises BundleError for what that tier would refuse or can't run."""
    ignored = pathspec.GitIgnoreSpec.from_lines(files[".ebignore"].content.decode().splitlines())
    others = tuple(f"-{other}.config" for other in TIERS if other != tier)
    kept = {
        name: file
        for name, file in files.items()
        if not ignored.match_file(name)
        and not (name.startswith(".ebextensions/") and name.endswith(others))
        and not (name == "cron.yaml" and tier != "worker")  # sqsd's
    }
    all_of_them = files[procfile.NAME].content.decode()
    kept[procfile.NAME] = File(procfile.of_tier(all_of_them, tier).encode())
    for name, file in kept.items():
        if name.startswith(".ebextensions/") and tier == "worker":
            if found := _BALANCER.search(file.content.decode()):
                raise BundleError(
                    f"{name} has {found[0].strip()}, which a worker environment refuses: move it to"
                    " a file that ends with -web.config"
                )
        elif _HOOK.match(name) and not file.is_executable:
            raise BundleError(f"{name} can't run: git update-index --chmod=+x {name}")
    return kept


def _committed(root: Path, commit: str) -> Iterator[tuple[str, File]]:
    archive = io.BytesIO(_git(root, "archive", "--format=tar", commit))
    with tarfile.open(fileobj=archive) as tar:
        for member in tar:
            if member.isfile():
                content = tar.extractfile(member)
                assert content is not None  # it is a file
                yield member.name, File(content.read(), bool(member.mode & 0o100))
            elif not member.isdir():
                raise BundleError(f"{member.name} is a link, and a bundle has files alone")


def _collected(checkout: Path) -> dict[str, File]:
    """Static files under their hashed names, by the commit's own code."""
    _run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0"],
        cwd=checkout,
        env={**os.environ, "VAR_DIR": str(checkout / "var"), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    root = checkout / "staticfiles"
    return {
        path.relative_to(checkout).as_posix(): File(path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _wheels(requirements: bytes, kept: Path, processor: str) -> list[Path]:
    """By hash, downloaded once for what is required and whom it is for."""
    key = hashlib.sha256(requirements + processor.encode()).hexdigest()[:16]
    folder = kept / key
    if not folder.exists():
        kept.mkdir(parents=True, exist_ok=True)
        # Renamed when all are there: a download that was cut off is never taken for a whole one.
        with tempfile.TemporaryDirectory(dir=kept) as partly:
            place = Path(partly)
            (place / "wheels").mkdir()
            (place / "requirements.txt").write_bytes(requirements)
            target = [f"--platform={glibc}_{processor}" for glibc in GLIBC]
            _run(
                [
                    *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                    *("--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"),
                    *(f"--python-version={PYTHON}", "--implementation=cp", *target),
                    *("-r", "requirements.txt", "-d", "wheels"),
                ],
                cwd=place,
                env=dict(os.environ),
            )
            (place / "wheels").rename(folder)
    return sorted(folder.glob("*.whl"))


def _zip(files: Mapping[str, File], at: datetime) -> bytes:
    """The same files, the same bytes: sorted, at the commit's time, with git's two modes."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.create_system = 3  # Unix: only then modes are read
            entry.external_attr = (0o100755 if file.is_executable else 0o100644) << 16
            is_packed = name.endswith((".whl", ".gz", ".br", ".woff2", ".png"))
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return into.getvalue()


def _write(files: Mapping[str, File], folder: Path) -> None:
    for name, file in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        if file.is_executable:
            path.chmod(0o755)


def _fresh(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _replace(path: Path, content: bytes) -> None:
    partly = path.with_suffix(".partly")
    partly.write_bytes(content)
    partly.replace(path)


def _git(root: Path, *words: str) -> bytes:
    return _run(["git", *words], cwd=root, env=dict(os.environ))


def _run(words: list[str], *, cwd: Path, env: Mapping[str, str]) -> bytes:
    done = subprocess.run(  # noqa: S603 - our own words
        words, cwd=cwd, env=env, capture_output=True, check=False
    )
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        raise BundleError(f"{' '.join(words[:4])} failed:\n{told}")
    return done.stdout
