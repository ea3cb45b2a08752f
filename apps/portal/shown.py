"""Rows as the portal's pages show them: slim, and spelt out before a template sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.kernel.actors import Actor
from apps.portal.words import clock, iso
from apps.search.results import TicketHit
from apps.tickets import files
from apps.tickets.models import Attachment, Message, Ticket
from apps.tickets.querysets import TicketQuerySet

_COLUMNS = (
    "pk",
    "ref",
    "subject",
    "status_category",
    "status__customer_label",
    "category__name",
    "updated_at",
    "requester__name",
    "requester__email",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A request in a list."""

    number: int
    path: str
    subject: str | SafeString
    category: str  # of its status
    label: str
    topic: str = ""
    who: str
    at: datetime
    when: str
    iso: str
    snippet: str | SafeString = ""


Columns = tuple[Any, ...]


def columns(tickets: TicketQuerySet) -> QuerySet[Ticket, Columns]:
    """What a list shows of each, without a model object a row."""
    return tickets.values_list(*_COLUMNS)


def entries(rows: Iterable[Columns]) -> list[Entry]:
    """Of `columns`, with one look at the URLs for all rows."""
    base = reverse("ticket_list")
    return [
        Entry(
            number=pk,
            path=f"{base}{ref}/",
            subject=subject,
            category=category,
            label=gettext(label),
            topic=topic or "",
            who=name or email.partition("@")[0],
            at=at,
            when=clock(at),
            iso=iso(at),
        )
        for pk, ref, subject, category, label, topic, at, name, email in rows
    ]


def found(hits: Iterable[TicketHit]) -> list[Entry]:
    base = reverse("ticket_list")
    return [
        Entry(
            number=hit.number,
            path=f"{base}{hit.ref}/",
            subject=hit.subject_html,
            category=hit.status_category,
            label=gettext(hit.customer_label),
            who=hit.requester_name,
            at=hit.updated_at,
            when=clock(hit.updated_at),
            iso=iso(hit.updated_at),
            snippet=hit.snippet_html,
        )
        for hit in hits
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    path: str
    name: str
    size: str
    is_picture: bool
    said: str  # why it can't be opened; "" where it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message. `who` is empty for the desk itself; `submission` is told to its writer only."""

    pk: int
    who: str
    initials: str
    is_mine: bool
    side: str  # "in" from the customer, "out" from the desk
    is_note: bool
    html: SafeString
    when: str
    iso: str
    is_redacted: bool
    elsewhere: int | None  # the number of the merged request that it was written on
    files: Sequence[File]
    submission: str = ""


def said(messages: Iterable[Message], ticket: Ticket, actor: Actor) -> list[Said]:
    """Agents are called by their first names; customers as they call themselves."""
    return [_said(message, ticket, actor) for message in messages]


def _said(message: Message, ticket: Ticket, actor: Actor) -> Said:
    author = message.author
    is_out = message.direction == Message.Direction.OUT
    name = "" if author is None else author.get_short_name() if is_out else author.get_full_name()
    is_mine = author is not None and author.pk == actor.id
    return Said(
        pk=message.pk,
        who=name,
        initials=initials(name),
        is_mine=is_mine,
        side=message.direction,
        is_note=message.visibility == Message.Visibility.INTERNAL,
        html=mark_safe(message.html),  # noqa: S308 - sanitised when it was stored (ADR 13)
        when=clock(message.created_at),
        iso=iso(message.created_at),
        is_redacted=message.redacted_at is not None,
        elsewhere=message.ticket_id if message.ticket_id != ticket.pk else None,
        files=[_file(row) for row in message.attachments.all()],
        submission=str(message.submission or "") if is_mine else "",
    )


def _file(row: Attachment) -> File:
    return File(
        path=reverse("attachment", args=[row.ref]),
        name=row.name,
        size=filesizeformat(row.size),
        is_picture=row.content_type in files.INLINE_TYPES,
        said=_trouble(row),
    )


def _trouble(row: Attachment) -> str:
    if row.redacted_at is not None or row.missing_at is not None:
        return gettext("A file that is no longer available")
    if row.scan == Attachment.Scan.QUARANTINED:
        return gettext("%(name)s: held back, it may do harm.") % {"name": row.name}
    if row.scan == Attachment.Scan.PENDING:
        return gettext("%(name)s: being checked for harm. Look again in a minute.") % {
            "name": row.name
        }
    return ""


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
