"""Whether this process can serve: each part is tried, and the failing ones are named."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.core.files.storage import default_storage
from django.db import connection

from apps.kernel.caching import PROBE


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    key = uuid.uuid4()
    PROBE.put(key, "1")
    if PROBE.get(key) != "1":
        raise LookupError("what was set could not be read")


def _files() -> None:
    default_storage.exists("readyz")


_PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "files": _files,
}

# Without these the desk works, more slowly: taking every instance away would be worse.
TOLERATED = {"cache"}


def failing() -> dict[str, str]:
    """The failing parts, each with its error's kind (never its text: this page is public)."""
    found = {}
    for name, check in _PARTS.items():
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the part fails
            found[name] = type(error).__name__
    return found
