from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import databases
from tests.e2e.cloud import environment
from tests.e2e.desk import Desk

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def demo(run_folder: Path, released: Path) -> Path:
    """The folder of a desk with a small demo. It never runs: those that do are copies of it."""
    folder = run_folder / "demo"
    with databases.once(folder) as new:
        if new:
            url = databases.fill(released, folder / "var")
            Desk(folder, database_url=url).manage("demo", "--tickets", "60")
    return folder / "var"


@contextmanager
def running(demo: Path, folder: Path, *, aws_url: str = "", **env: str) -> Iterator[Desk]:
    """A running desk with the demo; mail is composed at once.

    Given a local AWS, it stands on the services there, if its database is PostgreSQL.
    """
    with databases.own_desk(demo, folder / "var") as url:
        desk = Desk(folder, database_url=url, NOTIFY_AFTER_SECONDS="0", **env)
        if aws_url and url:
            files = folder / "var" / "files"
            desk.move_to(environment(aws_url, database_url=url, site=desk.url, files=files))
        desk.start()
        try:
            yield desk
        finally:
            desk.stop()


@pytest.fixture
def desk(tmp_path: Path, demo: Path) -> Iterator[Desk]:
    """A desk of the test's own, to be stopped, emptied or reconfigured, on the embedded defaults.

    Its database is that of the run.
    """
    with running(demo, tmp_path / "desk", JOB_LEASE_SECONDS="5") as desk:
        yield desk


@pytest.fixture
def desk_on_services(tmp_path: Path, demo: Path, aws_url: str) -> Iterator[Desk]:
    """Likewise; in the run on PostgreSQL it stands on the services of AWS."""
    with running(demo, tmp_path / "desk", aws_url=aws_url) as desk:
        yield desk


@pytest.fixture(scope="session")
def shared_desk(
    tmp_path_factory: pytest.TempPathFactory, demo: Path, aws_url: str
) -> Iterator[Desk]:
    """One running desk for all journeys of a process: each makes the tickets that it needs.

    In the run on SQLite it has the embedded defaults, in that on PostgreSQL the services of AWS.
    Nothing is stopped, emptied or reconfigured here; a test that must do so takes `desk`.
    """
    folder = tmp_path_factory.mktemp("desk")
    with running(demo, folder, aws_url=aws_url, UNDO_SEND_SECONDS="4") as desk:
        yield desk


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One for all tests here, and none beside others: Django refuses to work near its loop."""
    if not Path(CHROMIUM).exists() and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        # Everything stays on this machine; as root Chromium has no sandbox to offer.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """With no window open, neither before nor after: each context is a profile of its own."""
    yield chromium
    for context in chromium.contexts:
        context.close()
