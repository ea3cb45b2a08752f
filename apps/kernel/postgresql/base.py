from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

# Whatever a server says unasked: that it hangs up, or a notice.
_UNASKED = select.POLLIN | select.POLLPRI


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether the server is still there.

        Django asks it, once a request (CONN_HEALTH_CHECKS). A server that stopped, failed over or
        threw us out has closed the connection, and our end of it knows without asking; only when
        there is something to hear do we ask.
        """
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            return super().is_usable()
        ear = select.poll()
        ear.register(self.connection.fileno(), _UNASKED)
        return not ear.poll(0) or super().is_usable()
