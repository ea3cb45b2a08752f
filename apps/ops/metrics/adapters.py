"""Where figures go."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.ports import Location

PATIENCE = 2.0  # seconds for an agent on the same machine
_OUT = 1


class Nowhere:
    def __init__(self, location: Location) -> None:
        self.location = location

    def write(self, documents: Sequence[str]) -> None:
        return


class Lines:
    """A file that many processes append to: a line is written at once, so that none is torn."""

    def __init__(self, location: Location) -> None:
        if not location.path.startswith("/"):
            raise ImproperlyConfigured(f"METRICS_URL={location.geturl()!r}: write lines:/a/file")
        self.path = Path(unquote(location.path))

    def write(self, documents: Sequence[str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            for document in documents:
                os.write(file, f"{document}\n".encode())
        finally:
            os.close(file)


class Output:
    """Past Python's own buffer: a pipe takes up to 4 KiB whole, whoever else writes to it."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def write(self, documents: Sequence[str]) -> None:
        for document in documents:
            os.write(_OUT, f"{document}\n".encode())


class Agent:
    def __init__(self, location: Location) -> None:
        if not location.hostname or location.path:
            raise ImproperlyConfigured(
                f"METRICS_URL={location.geturl()!r}: write emf+tcp://127.0.0.1:25888"
            )
        self.address = (location.hostname, location.port or 25888)

    def write(self, documents: Sequence[str]) -> None:
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            connection.sendall("".join(f"{document}\n" for document in documents).encode())
