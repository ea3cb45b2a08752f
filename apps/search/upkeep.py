"""Keep the index to the rows, and build it anew beside the live one."""

from __future__ import annotations

from collections.abc import Callable, Collection

from apps.events import journal
from apps.search.documents import Document, Kind
from apps.search.gather import survivors_of, ticket_documents
from apps.search.index import index
from apps.tickets.events import id_in
from apps.tickets.models import Ticket

CHUNK = 1000  # tickets read at once
_OVERLAP = 1000  # facts before a position that may not have been committed then

Told = Callable[[int], None]


def refresh_tickets(ticket_ids: Collection[int], *, fact: int | None = None) -> None:
    """Index these tickets anew; a merged one under its survivor. With `fact`, if need be."""
    found = survivors_of(ticket_ids)
    as_is = found == set(ticket_ids)
    index.get().refresh(
        Kind.TICKET, found | set(ticket_ids), ticket_documents, fact=fact if as_is else None
    )


def refresh_tickets_of(user_id: int) -> None:
    """Index anew what a person raised: each says their name."""
    last = 0
    while ids := _next_ids(last, requester=user_id):
        refresh_tickets(ids)
        last = ids[-1]


def rebuild_tickets(told: Told) -> None:
    """Build the tickets' index beside the live one, and switch. `told` hears how many are done.

    What changes meanwhile is indexed twice: in the live index by its facts, and in the new one
    before the switch. A rebuild that was killed goes on where it was.
    """
    with index.get().rebuild(Kind.TICKET, since=journal.position()) as shadow:
        last, done = shadow.last, 0
        while ids := _next_ids(last):
            shadow.put(ticket_documents(ids))
            last, done = ids[-1], done + len(ids)
            told(done)
        shadow.switch(_Changes(shadow.since))


def _next_ids(last: int, **only: int) -> list[int]:
    rows = Ticket.objects.filter(pk__gt=last, **only).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:CHUNK])


class _Changes:
    """Each call gives the documents of what changed since the one before."""

    def __init__(self, since: int) -> None:
        self._since = since

    def __call__(self) -> list[Document]:
        since, self._since = self._since, journal.position()
        tickets, people = set[int](), set[int]()
        for subject in journal.subjects_since(max(0, since - _OVERLAP)):
            if subject.startswith("ticket:"):
                tickets.add(id_in(subject))
            elif subject.startswith("person:"):
                people.add(id_in(subject))
        tickets |= set(Ticket.objects.filter(requester__in=people).values_list("pk", flat=True))
        return ticket_documents(sorted(survivors_of(tickets) | tickets))
