from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

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
