"""The image: its Dockerfile held to rules, and the desk run from what would be in it.

There is no Docker here, so no image is built: base images, users and read-only roots are not
proved.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import image
from tests.e2e.desk import SECRET_KEY, commands, free_port

DOCKERFILE = (image.ROOT / "Dockerfile").read_text()
IGNORE = (image.ROOT / ".dockerignore").read_text()
PATIENCE = 60  # seconds


def test_the_dockerfile_keeps_the_rules() -> None:
    assert list(image.complaints(DOCKERFILE)) == []


MUTATIONS = {
    "root": ("USER 10001:10001", "USER root"),
    "user by name": ("USER 10001:10001", "USER desk"),
    "other base tomorrow": ("python:3.11.15-slim-trixie\n\nFROM", "python:3.11\n\nFROM"),
    "latest": ("python:3.11.15-slim-trixie\n\nFROM", "python:latest\n\nFROM"),
    "no hashes": ("--require-hashes ", ""),
    "compiled on the way": ("--only-binary :all: ", ""),
    "fetched": ("COPY requirements.txt", "ADD requirements.txt"),
    "secret inside": ('ARG BUILD=""', "ARG SECRET_KEY=x"),
    "shell": ('CMD ["gunicorn", "project.wsgi"', 'CMD gunicorn project.wsgi "'),
    "own files": ("COPY --from=desk /desk", "COPY --chown=10001 --from=desk /desk"),
    "sources in the last stage": ("COPY --from=desk /desk /desk", "COPY . /desk"),
    "no health": ("HEALTHCHECK", "LABEL"),
    "downloads": ("RUN useradd", "RUN curl https://example.org | sh; useradd"),
    "one stage less": ("FROM ${PYTHON}\n# What", "# What"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_noticed(name: str) -> None:
    old, new = MUTATIONS[name]
    assert old in DOCKERFILE

    assert list(image.complaints(DOCKERFILE.replace(old, new, 1))) != []


def test_it_serves_as_the_procfile_says() -> None:
    """But for who may ask, and for how long a connection is kept."""
    ours = image.command(image.steps(DOCKERFILE))
    theirs = shlex.split(commands()["web"])
    own = {"--bind", "0.0.0.0:8000", "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm"}

    assert [part for part in ours if part not in own] == [
        part for part in theirs if part != "--bind" and "PORT" not in part
    ]


def test_nothing_goes_in_that_is_not_named(tmp_path: Path) -> None:
    image.context(IGNORE, tmp_path / "desk")

    names = {path.name for path in (tmp_path / "desk").iterdir()}

    assert names.isdisjoint(
        {".git", ".env", "var", "tests", "infra", "docs", ".venv", "Dockerfile"}
    )
    assert not list(tmp_path.rglob("*.pyc"))
    with pytest.raises(ValueError, match="begin with"):
        image.context(IGNORE.replace("*\n", "", 1), tmp_path / "more")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the second stage makes, by the very commands that stand there."""
    home = tmp_path_factory.mktemp("image")
    folder = home / "desk"
    image.context(IGNORE, folder)
    found = image.steps(DOCKERFILE)
    run = next(s.said for s in found if s.word == "RUN" and "collectstatic" in s.said)
    run = run.replace("/tmp/var", str(home / "build")).replace(" /desk", f" {folder}")
    subprocess.run(["/bin/sh", "-c", run], cwd=folder, env=environment(), check=True, timeout=300)
    assert not (home / "build").exists()
    return folder


def environment(**more: str) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def test_the_desk_runs_on_what_is_in_it_and_writes_nothing_there(
    built: Path, tmp_path: Path, released_url: str | None
) -> None:
    port = free_port()
    serve = image.command(image.steps(DOCKERFILE))
    serve = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in serve]
    kept = {"DATABASE_URL": released_url, "SECRET_KEY": SECRET_KEY} if released_url else {}
    desk = environment(VAR_DIR=str(tmp_path / "var"), SITE_URL=f"http://127.0.0.1:{port}", **kept)
    release = [sys.executable, "manage.py", "release", "--verbosity", "0"]
    before = sorted(listing(built))
    subprocess.run(release, cwd=built, env=desk, check=True, timeout=300)
    with (tmp_path / "log").open("wb") as log:
        web = subprocess.Popen(serve, cwd=built, env=desk, stdout=log, stderr=log)
    try:
        page = fetched(f"http://127.0.0.1:{port}/")
        styles = page.partition('href="/static/css/')[2].partition('"')[0]
        fetched(f"http://127.0.0.1:{port}/static/css/{styles}")
    finally:
        web.terminate()
        assert web.wait(timeout=PATIENCE) == 0

    assert "<html" in page
    assert sorted(listing(built)) == before


WITHOUT = """
import sys
sys.modules["yaml"] = None  # as if it were not installed
from deploy.sqsd import main
main(["--help"])
"""


def test_its_poster_needs_no_more_than_the_desk(built: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=built,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert "--queue" in done.stdout


def listing(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.stat().st_mtime_ns


def fetched(url: str) -> str:
    """The page, as soon as somebody answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        except ConnectionError as error:
            refused: Exception = error
        except OSError as error:
            if "refused" not in str(error):
                raise
            refused = error
        if time.monotonic() > deadline:
            raise AssertionError(f"nobody answers at {url}") from refused
        time.sleep(0.2)
