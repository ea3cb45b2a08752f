from __future__ import annotations

import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.utils import translation
from hypothesis import settings as hypothesis
from pytest_django.plugin import blocking_manager_key

from apps.kernel.kept import forget_everything
from tests.cast import Cast, make_cast

pytest_plugins = ["tests.local_aws", "tests.ses"]

# How long an example takes says more of the machine than of the code.
hypothesis.register_profile("desk", deadline=None)
hypothesis.load_profile("desk")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Put the rows of data migrations back after a transactional test has emptied every table.

    Django does so only before a test of the same kind, which makes the order of tests matter.
    """
    yield
    marker = item.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction") or nextitem is None:
        return  # after the last test the database is gone
    with item.config.stash[blocking_manager_key].unblock():
        connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]
        connection.close()


@pytest.fixture(autouse=True)
def files_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every test has a folder of its own for uploaded files."""
    folder = tmp_path / "files"
    monkeypatch.setattr(default_storage, "_wrapped", FileSystemStorage(location=folder))
    return folder


@pytest.fixture(autouse=True)
def own_language() -> None:
    """The last page of another test may have spoken German: the middleware leaves it on."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """What one test counted or read there, such as sign-ups or statuses, is not the next one's."""
    cache.clear()
    forget_everything()


@pytest.fixture
def cast(db: None) -> Cast:
    """The people, teams and organisations that the tests know by name."""
    return make_cast()


@contextmanager
def own_database() -> Iterator[str | None]:
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
def database_url() -> Iterator[str | None]:
    with own_database() as url:
        yield url
