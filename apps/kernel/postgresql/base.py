"""Django's PostgreSQL backend, with a pool that looks at a connection without asking the server.

Each process has a pool: no more connections than it may have, waiting a few seconds for a server
that restarts or fails over instead of failing at once, and connections that are made anew each
hour, so that a new primary is found. Without one (DATABASE_POOL=0) each thread keeps its
connection. Each new connection asks for the newest password: RDS changes it while the desk runs.
"""

from __future__ import annotations

import os
import select
from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection, Error, OperationalError
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

# Whatever a server says unasked: that it hangs up, or a notice.
_UNASKED = select.POLLIN | select.POLLPRI


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: ClassVar[dict[str, ConnectionPool[Any]]] = {}

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        """The process's pool; None where there is no database to pool yet (making the tests')."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            pool: ConnectionPool[Any] = ConnectionPool(
                kwargs=lambda: {**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]
                check=look,
                **options,
            )
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if password := self.settings_dict["NEWEST_PASSWORD"]():
            params["password"] = password
        return params

    def is_usable(self) -> bool:
        """Whether the server is still there: Django asks of a connection that a thread keeps."""
        if self.connection is None:
            return False
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            return super().is_usable()
        try:
            look(self.connection)
        except Error:
            return False
        return True


def look(kept: Connection[Any]) -> None:
    """Raise if a kept connection is of no more use. Nothing is asked of a server that is quiet.

    A server that stopped, failed over or threw us out has closed the connection, and our end of it
    knows without asking; only when there is something to hear do we ask.
    """
    if kept.closed:
        raise OperationalError("the connection is closed")
    ear = select.poll()
    ear.register(kept.fileno(), _UNASKED)
    if ear.poll(0):
        ConnectionPool.check_connection(kept)


# A process that was forked must not share its parent's connections.
os.register_at_fork(after_in_child=DatabaseWrapper._connection_pools.clear)  # noqa: SLF001
