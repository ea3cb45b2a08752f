"""A small Beanstalk with a desk on it."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.beanstalk_server import Cloud, served
from tests.deploy.rollouts import Rollouts, connect

ROOT = Path(__file__).resolve().parents[2]
# A manage.py that writes down what it was asked.
MANAGE = """
import pathlib, sys
with open(pathlib.Path(__file__).parent / "asked", "a") as asked:
    asked.write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[1] == "collectstatic":
    pathlib.Path("staticfiles").mkdir()
    pathlib.Path("staticfiles/desk.abc.css").write_text("a {}")
"""


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    cloud = Cloud()
    with served(cloud) as url:
        connect(monkeypatch, url)
        yield cloud


@pytest.fixture
def rollouts(cloud: Cloud) -> Rollouts:
    """The old version serves."""
    rollouts = Rollouts(cloud)
    rollouts.begin()
    return rollouts


def wheel(folder: Path) -> str:
    """A wheel in a folder, and the line that requires it."""
    path = folder / "pipe-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pipe.py", "")
        archive.writestr(
            "pipe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pipe\nVersion: 1.0\n"
        )
        archive.writestr("pipe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("pipe-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"--no-index\n--find-links {folder}\npipe==1.0 --hash=sha256:{digest}\n"


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., None]:
    root = tmp_path / "desk"
    root.mkdir()

    def run(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *words], cwd=root, check=True)

    run("init", "--quiet")
    return run


@pytest.fixture
def desk(git: Callable[..., None], tmp_path: Path) -> Path:
    """A small repository that is built like the desk's."""
    root = tmp_path / "desk"
    (tmp_path / "index").mkdir()
    files = {
        ".ebignore": (ROOT / ".ebignore").read_text(),
        ".ebextensions/10-desk.config": "option_settings: {}\n",
        ".ebextensions/20-web.config": "option_settings:\n  aws:elbv2:loadbalancer: {}\n",
        ".ebextensions/20-worker.config": "option_settings: {}\n",
        ".platform/hooks/predeploy/10_release.sh": "#!/bin/sh\n",
        "Procfile": "web: gunicorn project.wsgi\nrelay: python manage.py relay\n",
        "cron.yaml": "version: 1\n",
        "manage.py": MANAGE,
        "requirements.txt": wheel(tmp_path / "index"),
        "contracts/facts.json": "{}",
        "contracts/bodies.json": "{}",
        "tests/test_x.py": "",
        "docs/x.md": "",
        "README.md": "",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / ".platform/hooks/predeploy/10_release.sh").chmod(0o755)
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return root
