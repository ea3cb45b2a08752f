from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings
from django.utils import translation
from hypothesis import settings as hypothesis
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile
from xdist.scheduler import LoadScopeScheduling

from apps.kernel.kept import forget_everything
from apps.kernel.storage.folder import Folder
from tests import databases
from tests.cast import Cast, make_cast

pytest_plugins = ["tests.local_aws", "tests.oidc", "tests.ses", "tests.worker_tier"]

# How long an example takes says more of the machine than of the code.
hypothesis.register_profile("desk", deadline=None)
hypothesis.load_profile("desk")


# Of tests/e2e: each of their tests starts a desk, or several.
DESKS_OF_THEIR_OWN = {
    "test_doctor.py",
    "test_identity.py",
    "test_rehearsal.py",
    "test_round.py",
    "test_secrets_in_logs.py",
    "test_stopping.py",
    "test_without_redis.py",
}


# Folders whose tests are about files, templates, nginx and pure functions. Those that ask no
# database are the same beside any, and `make test` has them run once, beside SQLite.
BESIDE_ANY_DATABASE = ("tests/deploy/", "tests/kernel/", "tests/project/")
STARTS_A_RELEASE = ("tests/deploy/test_hooks.py",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-another-database",
        action="store_true",
        help="leave out what asks no database and was run beside another one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--on-another-database"):
        return
    same = [item for item in items if _is_the_same_beside_any(item)]
    config.hook.pytest_deselected(items=same)
    items[:] = [item for item in items if not _is_the_same_beside_any(item)]


def _is_the_same_beside_any(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    if asked or item.get_closest_marker("django_db"):
        return False
    return item.nodeid.startswith(BESIDE_ANY_DATABASE) and not item.nodeid.startswith(
        STARTS_A_RELEASE
    )


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # of no types
    """Each test goes to whichever process is free; those that share running desks stay together.

    These are the largest, so they come first: the journeys in one process, in another the pages
    that are looked at. Both take about as long.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith(("tests/deploy/test_nginx", "tests/e2e/test_rehearsal")):
            return path
        if path.startswith("tests/e2e/test_looks"):
            return "looks"
        if path.startswith("tests/e2e/") and path.rpartition("/")[2] not in DESKS_OF_THEIR_OWN:
            return "journeys"
        return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # the process that the others belong to
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        for folder in ("demo/var", "released"):
            databases.drop_made(factory.getbasetemp() / folder)


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def released(run_folder: Path) -> Path:
    """The folder of the run's released database: see tests/databases.py. To be copied only."""
    folder = run_folder / "released"
    databases.make_released(folder)
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    released: Path,
) -> Iterator[None]:
    """Where Django is about to make this process's database, a copy of the released one is."""
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    databases.copy(released, name)
    yield
    with django_db_blocker.unblock():
        connection.close()
    databases.drop(name)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The copy is there already, and goes with the fixture above."""
    return True


def _empties_tables(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Put the rows of data migrations back after a transactional test has emptied every table.

    Django does so only before a test of the same kind, which makes the order of tests matter.
    """
    yield
    if not _empties_tables(item) or nextitem is None or _empties_tables(nextitem):
        return  # after the last test the database is gone; before another one Django does it
    with item.config.stash[blocking_manager_key].unblock():
        databases.put_back(connection._test_serialized_contents)  # type: ignore[attr-defined]
        connection.close()


@pytest.fixture(autouse=True, scope="session")
def quick_flush() -> Iterator[None]:
    """PostgreSQL truncates a hundred tables in a second; a few have rows to delete."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection.creation, "deserialize_db_from_string", databases.put_back)
        if databases.SERVER:
            patch.setattr(connection.ops, "sql_flush", databases.sql_flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def static_files_found_once() -> Iterator[None]:
    """A desk looks for its static files when it starts; in tests every client is a start."""
    found: dict[tuple[str, str], dict[str, StaticFile]] = {}
    look = WhiteNoise.update_files_dictionary

    def look_once(self: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in found:
            before = self.files
            self.files = {}
            look(self, root, prefix)
            found[root, prefix], self.files = self.files, before
        self.files |= found[root, prefix]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", look_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def settings_of_tests() -> Iterator[None]:
    """A million turns a password are for thieves; the tests sign in some thousand times.

    What is kept for some seconds is kept for the test, however slow the machine: else the number
    of a page's queries would depend on it.
    """
    with override_settings(PASSWORD_HASHERS=["tests.support.QuickHasher"], KEPT_SECONDS=3600):
        yield


@pytest.fixture(autouse=True)
def files_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every test has a folder of its own for uploaded files."""
    folder = tmp_path / "files"
    monkeypatch.setattr(default_storage, "_wrapped", Folder(location=folder))
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


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    """Staff of the tests sign in at once; tests of second factors ask for them."""
    settings.STAFF_MFA = "optional"


@pytest.fixture
def cast(db: None) -> Cast:
    """The people, teams and organisations that the tests know by name."""
    return make_cast()


@pytest.fixture
def database_url() -> Iterator[str | None]:
    """An empty database on the tests' server; None for SQLite."""
    with databases.own_database() as url:
        yield url


@pytest.fixture
def released_url(tmp_path: Path, released: Path) -> Iterator[str | None]:
    """A released database for a desk in `tmp_path`; None for SQLite, where it is in the folder."""
    with databases.own_desk(released, tmp_path / "var") as url:
        yield url
