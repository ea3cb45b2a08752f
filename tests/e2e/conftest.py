from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.desk import Desk

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def database_url() -> Iterator[str | None]:
    """A database of its own on the tests' server; None for SQLite in the desk's folder."""
    server = os.environ.get("DATABASE_URL")
    if server is None:
        yield None
        return
    name = f"e2e_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


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
