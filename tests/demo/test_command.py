"""The demo's command leaves a desk that is ready to be asked."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests.support import transactional


@transactional
@pytest.mark.skipif(connection.vendor != "postgresql", reason="counts of its own")
def test_postgresql_knows_how_full_its_tables_are() -> None:
    """Before the index is made of them: it would read all of the journal for each batch."""
    call_command("demo", "--tickets", "5", verbosity=0)

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples > 0")
        counted = {name for (name,) in cursor}
    assert counted >= {"events_event", "tickets_message", "tickets_ticket"}
