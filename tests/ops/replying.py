"""Jobs whose effect is the desk's own, and would happen twice if nothing kept it from doing so.

Each sends one reply that is on its way (`apps.desk.actions.send_one`): a message on a ticket, and a
fact in the journal. A job that comes again must find that it is done: by the row that is gone under
its lock, as the desk's own tasks do. No name or key of the test's makes one of two.

    python -m tests.ops.replying prepare 400    so many replies, on their way
    python -m tests.ops.replying send 400       a job for each, every tenth twice
    python -m tests.ops.replying told           what became of them, as JSON
"""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from contextlib import closing
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 - Django first

from apps.desk import actions  # noqa: E402
from apps.desk.models import Draft  # noqa: E402
from apps.events.models import Event  # noqa: E402
from apps.tickets.models import Message  # noqa: E402
from tests.cast import make_cast  # noqa: E402
from tests.ops.counting import app, book, mark  # noqa: E402
from tests.tickets.desk import raised  # noqa: E402

ON_A_TICKET = 20
TWICE = 10  # every so-manieth job is sent twice


@app.task(name="replying.reply")
def reply(draft_id: int) -> None:
    mark(f"reply {draft_id}")  # how often it ran
    actions.send_one(draft_id=draft_id, now=timezone.now())


def prepare(count: int) -> None:
    cast, now = make_cast(), timezone.now()
    for first in range(0, count, ON_A_TICKET):
        ticket = raised(cast, team=cast.cards)
        seen = Message.objects.filter(ticket=ticket).latest("pk").pk
        Draft.objects.bulk_create(
            Draft(
                ticket=ticket,
                author=cast.alice,
                kind=Draft.Kind.REPLY,
                text=f"Reply {number}",
                seen=seen,
                submission=uuid.uuid4(),
                updated_at=now,
                due_at=now,
            )
            for number in range(first, min(first + ON_A_TICKET, count))
        )
    with closing(book()) as kept:
        rows = Draft.objects.order_by("pk").values_list("pk", flat=True)
        kept.execute("CREATE TABLE reply (draft INTEGER PRIMARY KEY)")
        kept.executemany("INSERT INTO reply VALUES (?)", [(pk,) for pk in rows])


def send(count: int) -> None:
    """Each, and then write down that it was sent; go on where an earlier run was killed."""
    with closing(book()) as kept:
        drafts = [pk for (pk,) in kept.execute("SELECT draft FROM reply ORDER BY draft")]
        sent = {key for (key,) in kept.execute("SELECT key FROM sent")}
        for number, pk in enumerate(drafts[:count]):
            if str(pk) in sent:
                continue
            for _ in range(2 if number % TWICE == 0 else 1):
                reply.delay(pk)
            kept.execute("INSERT INTO sent VALUES (?)", (str(pk),))


def told() -> dict[str, Any]:
    """`messages` and `facts` are all that there are; `times` how many replies became how many."""
    texts = Message.objects.filter(source__startswith="Reply ").values_list("source", flat=True)
    times = Counter(Counter(texts).values())
    return {
        "times": {str(often): many for often, many in sorted(times.items())},
        "messages": len(texts),
        "facts": Event.objects.filter(name="message.added", data__direction="out").count(),
        "waiting": Draft.objects.count(),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", count]:
            prepare(int(count))
        case ["send", count]:
            send(int(count))
        case _:
            sys.stdout.write(json.dumps(told()) + "\n")
