"""A kept connection whose server went away is noticed without asking."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support import transactional

pytestmark = [
    transactional,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's connections"),
]


def test_a_living_connection_is_usable_without_a_query() -> None:
    connection.ensure_connection()

    with CaptureQueriesContext(connection) as queries:
        assert connection.is_usable()

    assert len(queries) == 0


def test_one_that_the_server_has_ended_is_not_usable() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy("other")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone()[0]
    finally:
        other.close()

    assert not connection.is_usable()
    connection.close()


def test_nor_is_one_that_we_have_closed() -> None:
    connection.ensure_connection()
    connection.close()

    assert not connection.is_usable()


def test_a_notice_that_nobody_asked_for_is_no_reason_to_drop_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN gossip; NOTIFY gossip, 'news'")

    assert connection.is_usable()
