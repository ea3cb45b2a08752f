"""Short words for the tests of the portal's pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.events import relay


def form(**said: Any) -> dict[str, Any]:
    return {"subject": "S", "text": "T", "submission": str(uuid.uuid4()), **said}


def indexed() -> None:
    """Let every subscriber hear of what happened: search keeps its index so."""
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            assert relay.deliver(claim)


def asked(client: Client, path: str, data: dict[str, Any] | None = None) -> list[str]:
    """The statements that a page asks for, without those that sign its reader in."""
    with CaptureQueriesContext(connection) as caught:
        answer = client.post(path, data) if data is not None else client.get(path)
        assert answer.status_code in {200, 302}, answer.content.decode()
    quiet = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    signing_in = ("django_session", '"accounts_user"."id" = ')
    return [
        sql
        for sql in (str(query["sql"]) for query in caught.captured_queries)
        if not sql.startswith(quiet) and not any(part in sql for part in signing_in)
    ]
