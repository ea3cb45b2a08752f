"""Whether the release before works on the new schema: its own tests are run on it (ADR 54).

While a canary serves, and after a rollback, the code before works on the schema after (ADR 12).
`manage.py expands` reads that from the operations of migrations; SQL and data it can't read. Here
the new code makes a database, and the tests of the release before do on it what they did.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# What reads and writes rows by the actions that people take; a few minutes of the whole suite.
PARTS = (
    *("tests/accounts", "tests/knowledge", "tests/notifications", "tests/tickets"),
    "tests/webhooks",
)
PROCESSES = min(os.cpu_count() or 1, 4)
SHOWN = 10  # of the tests that fail
SCHEMA_FROM = "SCHEMA_FROM"  # whose release makes the tests' database: tests/databases.py
# A database server for tests alone; without it they run on SQLite.
SERVER = "TEST_DATABASE_URL"
# Files that a schema is made of: our migrations, and what packages bring of theirs.
_SCHEMA = (":(glob)apps/*/migrations/*.py", "requirements.txt")
_LOST = re.compile(r"^(?:FAILED|ERROR) (\S+?::.+?)(?: - .*)?$", re.MULTILINE)
# What a desk reads, of which this machine's may have its own; servers for tests are left.
_SETTINGS = re.compile(
    r"(?!TEST_)(.*_URL(_.*)?|(AWS|DATABASE|DJANGO|IDENTITY|MAIL|PYTEST)_.*|SSM_PREFIX|ROLE"
    r"|SECRET_KEY|DEBUG)"
)


class PreviousError(Exception):
    """What the release before can't do on the new schema."""


@dataclass(frozen=True, slots=True)
class Ran:
    is_well: bool
    lost: list[str]  # tests that failed, or could not begin
    text: str


def changes(root: Path, *, then: str, now: str) -> bool:
    """Whether the schema may differ between two commits. Raises PreviousError."""
    return bool(_git(root, "diff", "--name-only", then, now, "--", *_SCHEMA))


def last_release(root: Path) -> str:
    """The newest tag before the last commit. Raises PreviousError if there is none."""
    try:
        return _git(root, "describe", "--tags", "--abbrev=0", "HEAD~1").decode().strip()
    except PreviousError as error:
        raise PreviousError("no release before has a tag: say --since COMMIT") from error


def check(
    root: Path,
    *,
    then: str,
    schema: Path,
    parts: tuple[str, ...] = PARTS,
    tell: Callable[[str], object],
) -> None:
    """Run the tests of commit `then` on the schema that the code in `schema` makes.

    A test that fails on its own schema too (it wants what is not here, or packages are newer) says
    nothing of the new one, and is told. Raises PreviousError for the others.
    """
    with tempfile.TemporaryDirectory(prefix="tendril-previous-") as folder:
        tree = Path(folder) / "tree"
        check_out(root, then, tree)
        if SCHEMA_FROM not in (tree / "tests/databases.py").read_text():
            tell(f"  the tests of {then[:12]} can't be run on another schema: they are too old")
            return
        _prepare(tree)
        there = [part for part in parts if (tree / part).exists()]
        server = "PostgreSQL" if os.environ.get(SERVER) else "SQLite"
        tell(f"  the tests of {then[:12]} on the new schema ({server}): {', '.join(there)}")
        ran = _run(tree, there, schema)
        if ran.is_well:
            tell("  they pass: the release before works on it")
            return
        if not ran.lost:
            raise PreviousError(f"the tests of {then[:12]} could not be run:\n{ran.text}")
        own = _run(tree, ran.lost, tree)
        for name in sorted(set(ran.lost) & set(own.lost)):
            tell(f"  fails on its own schema too, and says nothing: {name}")
        if broken := sorted(set(ran.lost) - set(own.lost)):
            shown = "\n  ".join(broken[:SHOWN])
            raise PreviousError(
                f"The release before ({then[:12]}) can't work on the new schema: {len(broken)} of"
                f" its tests fail on it, and pass on its own. The first of them:\n  {shown}\n"
                f"{ran.text}"
            )


def check_out(root: Path, commit: str, folder: Path) -> None:
    """The files of a commit. Not a worktree of git's: one that is killed would leave it behind."""
    folder.mkdir()
    archive = io.BytesIO(_git(root, "archive", "--format=tar", commit))
    with tarfile.open(fileobj=archive) as tar:
        tar.extractall(folder, filter="data")


def _prepare(tree: Path) -> None:
    """What is made and not committed, and pages ask for."""
    for words in (["collectstatic", "--noinput", "--verbosity", "0"], ["compile_translations"]):
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "manage.py", *words],
            cwd=tree,
            env=_environment(tree),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PreviousError(f"manage.py {words[0]} of the release before: {done.stderr}")


def _run(tree: Path, what: list[str], schema: Path) -> Ran:
    done = subprocess.run(  # noqa: S603 - our own words
        [
            *(sys.executable, "-m", "pytest", "--quiet", "--tb=line", "-rfE", "--color=no"),
            *("-p", "no:cacheprovider", "-n", str(PROCESSES), *what),
        ],
        cwd=tree,
        env=_environment(tree) | {SCHEMA_FROM: str(schema)},
        capture_output=True,
        text=True,
        check=False,
    )
    text = f"{done.stdout[-3000:]}{done.stderr[-1000:]}".strip()
    return Ran(done.returncode == os.EX_OK, _LOST.findall(done.stdout), text)


def _environment(tree: Path) -> dict[str, str]:
    """Nothing of this machine's desk: tests make and drop databases."""
    kept = {name: value for name, value in os.environ.items() if not _SETTINGS.fullmatch(name)}
    kept["VAR_DIR"] = str(tree / "var")
    if server := os.environ.get(SERVER):
        kept |= {"DATABASE_URL": server, "DATABASE_POOL": "0", "SECRET_KEY": "only-for-tests"}
    return kept


def _git(root: Path, *words: str) -> bytes:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", *words],  # noqa: S607 - the developer's git
        cwd=root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise PreviousError(f"git {words[0]}: {done.stderr.decode().strip()}")
    return done.stdout
