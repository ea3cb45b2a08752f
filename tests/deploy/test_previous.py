"""The tests of the release before, run on the schema of the next: what breaks them, and what not.

On a small desk, whose tests find their database as ours do. Once, on SQLite: what is tried here is
who makes the schema, and not what a database makes of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import previous, shipping
from deploy.commands import main
from deploy.previous import PreviousError
from tests import databases

Git = Callable[..., None]

MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "small"
if sys.argv[1] == "release":
    from django.core.management import execute_from_command_line
    execute_from_command_line([sys.argv[0], "migrate", "--verbosity", "0"])
"""
SETTINGS = """
import os
from pathlib import Path
VAR = Path(os.environ["VAR_DIR"])
VAR.mkdir(exist_ok=True)
INSTALLED_APPS = ["apps.pipes"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": VAR / "desk.sqlite3",
    "TEST": {"NAME": str(VAR / "test.sqlite3")},
}}
"""
MODELS = """
from django.db import models
class Pipe(models.Model):
    bore = models.CharField(max_length=40)
"""
FIRST = """
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel("Pipe", [
        ("id", models.BigAutoField(primary_key=True)), ("bore", models.CharField(max_length=40)),
    ])]
"""
# By SQL, so that nobody reads it from the operation.
NEXT = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("pipes", "0001_initial")]
    operations = [migrations.RunSQL("ALTER TABLE pipes_pipe {}")]
"""
CONFTEST = """
import pytest
from django.db import connection
from tests import databases

@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, tmp_path_factory, django_db_blocker
):
    folder = tmp_path_factory.getbasetemp() / "released"
    databases.make_released(folder)
    databases.copy(folder, connection.creation._get_test_db_name())

@pytest.fixture(scope="session")
def django_db_keepdb():
    return True
"""
TESTS = """
import pytest
from apps.pipes.models import Pipe

@pytest.mark.django_db
def test_a_pipe_is_laid():
    Pipe.objects.create(bore="wide")
    assert Pipe.objects.get().bore == "wide"

def test_water_runs_uphill():
    assert False
"""


@pytest.fixture
def small(git: Git, tmp_path: Path) -> Path:
    """A repository with one release, which is tagged."""
    root = tmp_path / "desk"
    files = {
        "manage.py": MANAGE,
        "small.py": SETTINGS,
        "apps/__init__.py": "",
        "apps/pipes/__init__.py": "",
        "apps/pipes/models.py": MODELS,
        "apps/pipes/migrations/__init__.py": "",
        "apps/pipes/migrations/0001_initial.py": FIRST,
        "requirements.txt": "",
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = small\npythonpath = .\n",
        "tests/__init__.py": "",
        "tests/conftest.py": CONFTEST,
        "tests/tickets/test_pipes.py": TESTS,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    shutil.copy(databases.ROOT / "tests/databases.py", root / "tests")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    git("tag", "v1")
    return root


def migrated(root: Path, git: Git, sql: str) -> None:
    (root / "apps/pipes/migrations/0002_next.py").write_text(NEXT.format(sql))
    git("add", ".")
    git("commit", "--quiet", "-m", "next")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tests need no processes beside them."""
    monkeypatch.setattr(previous, "PROCESSES", 0)


def checked(root: Path, tmp_path: Path, then: str = "HEAD~1") -> list[str]:
    said: list[str] = []
    previous.check_out(root, "HEAD", tmp_path / "now")
    previous.check(root, then=then, schema=tmp_path / "now", tell=said.append)
    return said


@pytest.mark.skipif(bool(databases.SERVER), reason="once, on SQLite")
class TestOnTheNewSchema:
    def test_what_expands_passes(self, small: Path, git: Git, tmp_path: Path) -> None:
        """And a test that fails on its own schema as well says nothing of the new one."""
        migrated(small, git, "ADD COLUMN age integer NULL")

        said = checked(small, tmp_path)

        assert said[-1] == (
            "  fails on its own schema too, and says nothing:"
            " tests/tickets/test_pipes.py::test_water_runs_uphill"
        )

    def test_all_that_pass_are_told(self, small: Path, git: Git, tmp_path: Path) -> None:
        (small / "tests/tickets/test_pipes.py").write_text(TESTS.replace("assert False", "pass"))
        git("commit", "--quiet", "-am", "second")
        migrated(small, git, "ADD COLUMN age integer NULL")

        assert checked(small, tmp_path)[-1] == "  they pass: the release before works on it"

    def test_what_drops_a_column_is_caught(self, small: Path, git: Git, tmp_path: Path) -> None:
        migrated(small, git, "DROP COLUMN bore")

        with pytest.raises(PreviousError) as refused:
            checked(small, tmp_path)

        told, text = str(refused.value), "tests/tickets/test_pipes.py::test_"
        assert f"  {text}a_pipe_is_laid\n" in told
        assert "no column named bore" in told
        assert f"  {text}water_runs_uphill\n" not in told


def test_the_command_takes_the_last_tag(
    small: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated(small, git, "DROP COLUMN bore")
    monkeypatch.setattr(shipping, "ROOT", small)

    def refuse(_root: Path, *, then: str, schema: Path, tell: object) -> None:
        assert (schema / "apps/pipes/migrations/0002_next.py").exists()
        raise PreviousError(f"{then} can't")

    monkeypatch.setattr(previous, "check", refuse)

    done = CliRunner().invoke(main, ["previous"])

    assert (done.exit_code, done.output) == (1, "Error: v1 can't\n")


def test_tests_that_cannot_be_run_at_all_block(small: Path, git: Git, tmp_path: Path) -> None:
    (small / "tests/conftest.py").write_text("import nothing_of_the_kind")
    git("commit", "--quiet", "-am", "broken")

    with pytest.raises(PreviousError, match=r"could not be run:\n(.*\n)*.*nothing_of_the_kind"):
        checked(small, tmp_path, then="HEAD")


def test_a_release_whose_tests_make_their_own_schema_is_told(
    small: Path, git: Git, tmp_path: Path
) -> None:
    (small / "tests/databases.py").write_text("")
    git("commit", "--quiet", "-am", "older")

    assert "can't be run on another schema" in checked(small, tmp_path, then="HEAD")[0]


def test_a_release_without_a_tag_is_asked_for(desk: Path, git: Git) -> None:
    git("commit", "--quiet", "--allow-empty", "-m", "second")

    with pytest.raises(PreviousError, match="say --since COMMIT"):
        previous.last_release(desk)


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("apps/tickets/migrations/0009_more.py", True),
        ("requirements.txt", True),
        ("apps/tickets/models.py", False),
        ("docs/migrations/x.py", False),
    ],
)
def test_only_what_makes_a_schema_is_tried(desk: Path, git: Git, path: str, changes: bool) -> None:
    (desk / path).parent.mkdir(parents=True, exist_ok=True)
    (desk / path).write_text("changed")
    git("add", ".")
    git("commit", "--quiet", "-m", "second")

    assert previous.changes(desk, then="HEAD~1", now="HEAD") is changes


def test_nothing_of_this_machines_desk_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests make and drop databases."""
    for name in ("DATABASE_URL", "CACHE_URL", "SSM_PREFIX", "AWS_PROFILE", "DATABASE_URL_OTHER"):
        monkeypatch.setenv(name, "the desk's")
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)

    kept = previous._environment(tmp_path)

    assert "the desk's" not in kept.values()
    assert kept["PATH"]


def test_a_server_for_tests_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/desk")
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://127.0.0.1/tests")

    assert previous._environment(tmp_path)["DATABASE_URL"] == "postgresql://127.0.0.1/tests"


def test_our_own_tests_take_the_schema_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tests/databases.py is what the next release's check finds in this one."""
    (tmp_path / "manage.py").write_text(
        "import os, pathlib; pathlib.Path(os.environ['VAR_DIR'], 'mine').touch()"
    )
    monkeypatch.setattr(databases, "SCHEMA_FROM", tmp_path)
    monkeypatch.setattr(databases, "SERVER", "")

    databases.make_released(tmp_path / "released")

    assert (tmp_path / "released/mine").exists()
