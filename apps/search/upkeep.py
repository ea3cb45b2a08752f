"""Keep the index to the rows, and build it anew beside the live one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from apps.events import journal
from apps.knowledge.models import Article
from apps.search.documents import Document, Kind
from apps.search.gather import survivors_of, ticket_documents
from apps.search.gather_articles import article_documents
from apps.search.index import Changed, index
from apps.tickets.events import id_in
from apps.tickets.models import Ticket

CHUNK = 1000  # tickets read at once
_OVERLAP = 1000  # facts before a position that may not have been committed then

Told = Callable[[int, Kind], None]


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


def refresh_articles(article_ids: Collection[int], *, fact: int | None = None) -> None:
    index.get().refresh(Kind.ARTICLE, article_ids, article_documents, fact=fact)


def rebuild(told: Told) -> None:
    """Build the index beside the live one, and switch. `told` hears how many are done of what.

    What changes meanwhile is indexed twice: in the live index by its facts, and in the new one
    before the switch. A rebuild that was killed goes on where it was.
    """
    for source in (_Tickets(), _Articles()):
        with index.get().rebuild(source.kind, since=journal.position()) as shadow:
            last, done = shadow.last, 0
            while ids := source.next_ids(last):
                shadow.put(source.documents(ids))
                last, done = ids[-1], done + len(ids)
                told(done, source.kind)
            shadow.switch(_Changes(source, shadow.since))


def _next_ids(last: int, **only: int) -> list[int]:
    rows = Ticket.objects.filter(pk__gt=last, **only).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:CHUNK])


class _Tickets:
    kind = Kind.TICKET

    def next_ids(self, last: int) -> list[int]:
        return _next_ids(last)

    def documents(self, ids: Sequence[int]) -> Sequence[Document]:
        return ticket_documents(ids)

    def about(self, subjects: Collection[str]) -> set[int]:
        """Tickets whose document may have changed, if something happened to these."""
        tickets = {id_in(subject) for subject in subjects if subject.startswith("ticket:")}
        people = {id_in(subject) for subject in subjects if subject.startswith("person:")}
        tickets |= set(Ticket.objects.filter(requester__in=people).values_list("pk", flat=True))
        return tickets | survivors_of(tickets)


class _Articles:
    kind = Kind.ARTICLE

    def next_ids(self, last: int) -> list[int]:
        rows = Article.objects.published().filter(pk__gt=last).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:CHUNK])

    def documents(self, ids: Sequence[int]) -> Sequence[Document]:
        return article_documents(ids)

    def about(self, subjects: Collection[str]) -> set[int]:
        return {id_in(subject) for subject in subjects if subject.startswith("article:")}


class _Changes:
    """Each call gives the documents of what changed since the one before."""

    def __init__(self, source: _Tickets | _Articles, since: int) -> None:
        self._source, self._since = source, since

    def __call__(self) -> Changed:
        since, self._since = self._since, journal.position()
        ids = self._source.about(journal.subjects_since(max(0, since - _OVERLAP)))
        return Changed(ids, self._source.documents(sorted(ids)))
