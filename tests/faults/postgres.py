"""A PostgreSQL of a test's own, to be stopped and started under a desk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.e2e.desk import free_port

PATIENCE = 60  # seconds


def binaries() -> Path | None:
    """Where the newest installed server is, if any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class Server:
    def __init__(self, folder: Path, binaries: Path, settings: Mapping[str, str]) -> None:
        self.folder, self.binaries, self.settings = folder, binaries, settings
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        # It refuses to run as root.
        self.user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}

    def create(self) -> None:
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        command = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "postgres"]
        subprocess.run(
            [*command, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **self.user,  # type: ignore[call-overload]
        )

    def start(self) -> None:
        """Start, and come back when it answers."""
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        settings += [f"{name}={value}" for name, value in self.settings.items()]
        command = [self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(part for setting in settings for part in ("-c", setting))],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                **self.user,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with psycopg.connect(self.url, connect_timeout=5):
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def fail(self) -> None:
        """Stop at once, as a machine that fails: nobody is told, nothing is finished."""
        self._stop(signal.SIGQUIT)

    def stop(self) -> None:
        self._stop(signal.SIGINT)

    def _stop(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=PATIENCE)


@contextmanager
def own_server(**settings: str) -> Iterator[Server]:
    found = binaries()
    assert found is not None, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="tendril-pg-"))  # where its user is let in
    server = Server(folder, found, settings)
    try:
        server.create()
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)
