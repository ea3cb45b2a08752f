from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import own_database
from tests.e2e.desk import Desk

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def desk(tmp_path: Path, database_url: str | None) -> Iterator[Desk]:
    """A running desk with a small demo; mail is composed at once."""
    desk = Desk(
        tmp_path, database_url=database_url, NOTIFY_AFTER_SECONDS="0", JOB_LEASE_SECONDS="5"
    )
    desk.manage("release")
    desk.manage("demo", "--tickets", "20")
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="session")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One running desk for all journeys of a process: each makes the tickets that it needs.

    Nothing is stopped, emptied or reconfigured here; a test that must do so takes `desk`.
    """
    with own_database() as url:
        desk = Desk(
            tmp_path_factory.mktemp("desk"),
            database_url=url,
            NOTIFY_AFTER_SECONDS="0",
            UNDO_SEND_SECONDS="4",
        )
        desk.manage("release")
        desk.manage("demo", "--tickets", "60")
        desk.start()
        try:
            yield desk
        finally:
            desk.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists() and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        # Everything stays on this machine; as root Chromium has no sandbox to offer.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
