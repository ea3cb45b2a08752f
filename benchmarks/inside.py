"""Runs inside the desk, on a size's database: what a benchmark needs there, and queries counted.

python benchmarks/inside.py prepare    tells as JSON whom to sign in and what to look at
python benchmarks/inside.py count      reads requests as JSON, tells the queries of each
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections import Counter
from typing import Any

import django
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from scenarios import ANSWER, MESSAGES, SUBJECT, TEXT  # noqa: E402

from apps.accounts.access import actor_for  # noqa: E402 - after setup
from apps.accounts.models import User  # noqa: E402
from apps.desk.actions.drafts import forget_drafts  # noqa: E402
from apps.tickets import actions  # noqa: E402
from apps.tickets.models import Message, Ticket  # noqa: E402
from demo.reading import load_desk  # noqa: E402

ENOUGH = 60  # tickets of each customer, so that every size shows the same pages
CUSTOMERS, AGENT = ("nadia", "callum"), "tom"


def prepare() -> dict[str, Any]:
    desk = load_desk()
    people = {key: User.objects.get(email=desk.people[key].email) for key in (*CUSTOMERS, AGENT)}
    agent = actor_for(people[AGENT])
    forget_drafts(author_id=people[AGENT].pk)  # what the last run's agent had on its way
    fresh = {key: _enough(people[key], people[AGENT]) for key in CUSTOMERS}
    numbers = [pk for rows in fresh.values() for pk, _ in rows]
    seen = Ticket.objects.visible_to(agent).filter(pk__in=numbers, status_category="open")
    return {
        "password": desk.password,
        "people": {key: user.email for key, user in people.items()},
        "refs": {key: [ref for _, ref in rows] for key, rows in fresh.items()},
        "numbers": list(seen.order_by("pk").values_list("pk", flat=True)[:ENOUGH]),
    }


def _enough(customer: User, agent: User) -> list[tuple[int, str]]:
    """Tickets of four messages each, by the desk's own actions: id and ref."""
    for _ in range(max(0, ENOUGH - len(_fresh(customer)))):
        ticket = actions.raise_ticket(
            requester=customer, subject=SUBJECT, text=TEXT,
            actor=actor_for(customer), now=timezone.now(),
        )  # fmt: skip
        for turn in range(MESSAGES - 1):
            who = customer if turn % 2 else agent
            actions.reply(ticket=ticket, text=ANSWER, actor=actor_for(who), now=timezone.now())
    return _fresh(customer)[:ENOUGH]


def _fresh(customer: User) -> list[tuple[int, str]]:
    """Those that look as they were made: nobody has written on them since."""
    mine = Ticket.objects.filter(requester=customer, subject=SUBJECT).active()
    said = Counter(Message.objects.filter(ticket__in=mine).values_list("ticket_id", flat=True))
    return [(pk, ref) for pk, ref in mine.values_list("pk", "ref") if said[pk] == MESSAGES]


def count(asked: list[dict[str, Any]]) -> list[int]:
    """Queries of each request, sessions and all, once everything that is kept has been kept."""
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.KEPT_SECONDS = 60
    return [_count(entry) for entry in asked]


def _count(entry: dict[str, Any]) -> int:
    client, fields = Client(), entry["fields"]
    client.force_login(User.objects.get(email=entry["email"]))
    captured = 0
    for _ in range(2):
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            if fields is None:
                client.get(entry["path"])
            else:
                sent = {"submission": str(uuid.uuid4())} if "submission" in fields else {}
                client.post(entry["path"], fields | sent)
            transaction.set_rollback(True)
        statements = [query["sql"] for query in queries.captured_queries]
        captured = sum(not _is_bracket(sql) for sql in statements)
    return captured


def _is_bracket(sql: str) -> bool:
    """BEGIN, COMMIT and savepoints (which only the transaction around the count makes)."""
    return sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK", "BEGIN", "COMMIT"))


if __name__ == "__main__":
    told = prepare() if sys.argv[1] == "prepare" else count(json.load(sys.stdin))
    json.dump(told, sys.stdout)
