"""Where documents are kept. The desk's own database, so far."""

from __future__ import annotations

from django.db import connection

from apps.kernel.ports import Location
from apps.search.index import SearchIndex


def database(_location: Location) -> SearchIndex:
    """The full text search that the desk's database has."""
    if connection.vendor == "postgresql":
        from apps.search.adapters.postgresql import PostgresIndex

        return PostgresIndex()
    from apps.search.adapters.sqlite import SqliteIndex

    return SqliteIndex()
