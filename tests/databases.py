"""Databases for the tests: the run's one release makes the first, the others are copies of it.

To migrate an empty database takes ten seconds of a core, and every process of the tests and every
desk that a test starts wants a database of its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core import serializers
from django.db import connection, transaction
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("DATABASE_URL", "")  # PostgreSQL's; empty for SQLite
# Whose release makes the first database: a later one's, where a release asks whether the code here
# works on the schema there (deploy/previous.py).
SCHEMA_FROM = Path(os.environ.get("SCHEMA_FROM") or ROOT)
FILE = "desk.sqlite3"  # SQLite's, in a desk's folder


def make_released(folder: Path) -> None:
    """Release an empty database in `folder`, once for all processes that ask for it.

    SQLite's is a file there; of PostgreSQL's the name is kept there.
    """
    with once(folder) as new:
        if not new:
            return
        env = os.environ | {"VAR_DIR": str(folder)}
        if SERVER:
            name = _new_name()
            create(name)
            (folder / "name").write_text(name)
            env["DATABASE_URL"] = url_of(name)
        command = [sys.executable, "manage.py", "release", "--verbosity", "0"]
        subprocess.run(command, cwd=SCHEMA_FROM, env=env, check=True, timeout=300)


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """True for the first process that asks for `folder`; the others wait until it is made."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not (folder / "done").exists()
        (folder / "done").touch()


def drop_made(folder: Path) -> None:
    if (folder / "name").exists():
        drop((folder / "name").read_text())


def copy(source: Path, target: str) -> None:
    """The database of a folder. `target` is overwritten: SQLite's a file's path, else a name."""
    if SERVER:
        create(target, template=(source / "name").read_text())
    else:
        drop(target)
        old, new = sqlite3.connect(source / FILE), sqlite3.connect(target)
        with closing(old), closing(new):
            old.backup(new)


def create(name: str, *, template: str = "template1") -> None:
    drop(name)
    _ask("CREATE DATABASE {} TEMPLATE {}", name, template)


def drop(name: str) -> None:
    """A database on the server, or the file of one with what belongs to it."""
    if SERVER:
        _ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    else:
        for ending in ("", "-wal", "-shm"):
            Path(name + ending).unlink(missing_ok=True)


@contextmanager
def own_database() -> Iterator[str | None]:
    """The address of an empty database of its own on the tests' server; None for SQLite."""
    if not SERVER:
        yield None
        return
    name = _new_name()
    create(name)
    try:
        yield url_of(name)
    finally:
        drop(name)


@contextmanager
def own_desk(source: Path, folder: Path) -> Iterator[str | None]:
    """Make `folder` a copy of another desk's, on a database copied from that desk's.

    Gives the database's address; None for SQLite, whose database is in the folder.
    """
    try:
        yield fill(source, folder)
    finally:
        drop_made(folder)


def fill(source: Path, folder: Path) -> str | None:
    """Copy another desk's folder and its database, whose address it gives; None for SQLite."""
    ignored = shutil.ignore_patterns(f"{FILE}*", "done", "lock", "name")
    shutil.copytree(source, folder, ignore=ignored)
    if not SERVER:
        copy(source, str(folder / FILE))
        return None
    name = _new_name()
    copy(source, name)
    (folder / "name").write_text(name)
    return url_of(name)


def sql_flush(
    _style: object, tables: Iterable[str], *, reset_sequences: bool = False, **_cascade: bool
) -> list[str]:
    """What empties the tables, as Django's own says it: run in one transaction.

    Keys are checked at its end, so the order of tables doesn't matter.
    """
    assert not reset_sequences, "no test counts on the numbers of rows"
    quoted = [connection.ops.quote_name(table) for table in tables]
    asked = " UNION ALL ".join(
        f"SELECT {place} WHERE EXISTS (SELECT FROM {table})" for place, table in enumerate(quoted)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [f"DELETE FROM {quoted[place]}" for (place,) in cursor.fetchall()]


def put_back(rows: str) -> None:
    """Rows as Django's serializer wrote them; those that are there stay as they are.

    Django's own saves each by itself, with two questions to the database.
    """
    read = list(serializers.deserialize("json", rows))
    with transaction.atomic(), connection.constraint_checks_disabled():
        for model, of_one in groupby(read, key=lambda row: type(row.object)):
            told = list(of_one)
            model._base_manager.bulk_create([row.object for row in told], ignore_conflicts=True)
            for row in told:
                for field, others in (row.m2m_data or {}).items():
                    getattr(row.object, field).add(*others)


def url_of(name: str) -> str:
    return urlsplit(SERVER)._replace(path=f"/{name}").geturl()


def _new_name() -> str:
    return f"tests_{uuid.uuid4().hex[:12]}"


def _ask(command: str, *names: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL(command).format(*map(sql.Identifier, names)))
