"""A database server, a database of each size, and gunicorn before each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]
KEY = "only-for-benchmarks"
FLOOR_ROWS = 100_000
# The Procfile's, on two workers of four threads each; the floor gets the same.
GUNICORN = (
    "--workers",
    "2",
    "--threads",
    "4",
    "--preload",
    "--timeout",
    "120",
    "--log-level",
    "error",
)


@contextmanager
def own_postgres() -> Iterator[str]:
    """A server for as long as it is needed, on the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise SystemExit("PostgreSQL is not installed; or name a server: --server postgresql://…")
    binaries, port = found[-1].parent, free_port()
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        who = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        data = str(folder / "data")
        made = [
            str(binaries / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/tmp", **who)
        server = subprocess.Popen(
            [
                str(binaries / "postgres"), "-D", data, "-p", str(port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
                "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
                "-c", "shared_buffers=512MB", "-c", "max_connections=200",
            ],
            cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        try:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            _wait_for_database(url)
            yield url
        finally:
            server.terminate()
            server.wait()


def _wait_for_database(url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} never answered")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk on one database, or the floor: where it answers, and the environment it runs in."""

    name: str
    base: str
    env: dict[str, str]

    def inside(self, what: str, told: object = None) -> Any:
        """Have benchmarks/inside.py do something on this database."""
        done = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "inside.py", what],
            cwd=ROOT, env=self.env | {"LOG_LEVEL": "WARNING"}, check=True, text=True,
            stdout=subprocess.PIPE, input=json.dumps(told),
        )  # fmt: skip
        return json.loads(done.stdout)


def database(server: str, name: str) -> str:
    """Its URL; it is made where it is missing."""
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{name}"')
    return url


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment(url: str, folder: Path, port: int) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
        "DATABASE_URL": url,
        "VAR_DIR": str(folder),
        "SECRET_KEY": KEY,
        "SITE_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}",
        "DEBUG": "0",
        "DEMO": "0",
        "STAFF_MFA": "optional",
    }


def load(env: dict[str, str], tickets: int) -> float:
    """Bring the schema up to date and load the demo, if it is not there. Seconds of the loading."""
    manage = [sys.executable, "manage.py"]
    run = partial(subprocess.run, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    run([*manage, "release"])
    took = 0.0
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM tickets_ticket LIMIT 1").fetchone():
            began = time.monotonic()
            run([*manage, "demo", "--tickets", str(tickets)])
            took = time.monotonic() - began
            connection.execute("VACUUM ANALYZE")
    return took


def load_floor(env: dict[str, str]) -> None:
    migrate = [sys.executable, "-m", "django", "migrate"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    with psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('floor_row')").fetchone() != (None,):
            return
        connection.execute(
            "CREATE TABLE floor_person (id bigserial PRIMARY KEY, name varchar(120) NOT NULL);"
            "CREATE TABLE floor_row (id bigserial PRIMARY KEY, owner_id bigint NOT NULL REFERENCES"
            " floor_person DEFERRABLE INITIALLY DEFERRED, title varchar(200) NOT NULL,"
            " text text NOT NULL, state varchar(10) NOT NULL, updated_at timestamptz NOT NULL);"
            "CREATE INDEX floor_row_list ON floor_row (owner_id, updated_at DESC);"
            "INSERT INTO floor_person (name) SELECT 'Person ' || n FROM generate_series(1, 1000) n;"
            "INSERT INTO floor_row (owner_id, title, text, state, updated_at)"
            " SELECT n % 1000 + 1, 'Row number ' || n, 'Words of row ' || n, 'open',"
            f" now() - n * interval '1 minute' FROM generate_series(1, {FLOOR_ROWS}) n;"
            "ANALYZE;"
        )


@contextmanager
def serving(name: str, application: str, env: dict[str, str], port: int) -> Iterator[Desk]:
    """Gunicorn in front of a database, until the end."""
    desk = Desk(name, f"http://127.0.0.1:{port}", env)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        application,
        "--bind",
        f"127.0.0.1:{port}",
        *GUNICORN,
    ]
    # A line a request, as anywhere: but not between the figures.
    log = Path(env["VAR_DIR"]) / "web.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as told:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=told, stderr=told)
    try:
        if not _is_answering(desk.base):
            raise SystemExit(f"{name} never answered:\n{log.read_text()[-2000:]}")
        yield desk
    finally:
        process.terminate()
        process.wait()


def _is_answering(base: str) -> bool:
    """Whether it answers, within a minute."""
    for _ in range(600):
        try:
            urllib.request.urlopen(base, timeout=5).read()
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


@contextmanager
def desks(
    server: str, sizes: list[int], prefix: str, *, keep: bool
) -> Iterator[tuple[list[Desk], Desk]]:
    """A desk of each size and the floor, all at once, so that they can take turns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = []
        for size in sizes:
            name, port = f"{prefix}_{size}", free_port()
            url = database(server, name)
            if not keep:
                stack.callback(drop, server, name)
            env = environment(url, folder / name, port)
            took = load(env, size)
            if took:
                print(f"{size:,} tickets loaded in {took:.0f} s", flush=True)
            running.append(stack.enter_context(serving(f"{size:,}", "project.wsgi", env, port)))
        name, port = f"{prefix}_floor", free_port()
        url = database(server, name)
        if not keep:
            stack.callback(drop, server, name)
        env = environment(url, folder / name, port) | {"DJANGO_SETTINGS_MODULE": "floor.settings"}
        load_floor(env)
        yield running, stack.enter_context(serving("floor", "floor.wsgi", env, port))
