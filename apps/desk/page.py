"""What the workspace shows of one ticket, out of what was read of it (apps/desk/reading.py)."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.desk import history, mentions, presence, quoting, undelivered
from apps.desk.directory import Directory
from apps.desk.history import Entry, Line
from apps.desk.models import Draft
from apps.desk.reading import AT_ONCE, Around, Said
from apps.events.envelope import Envelope
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.tickets import custom, reference
from apps.tickets.models import Attachment, Link, Message, Participant, Rating, Ticket
from apps.tickets.querysets import MessageQuerySet
from apps.tickets.statuses import ACTIVE

OTHERS = 5  # tickets of the same requester that are shown: the open ones first


@dataclass(frozen=True, slots=True)
class Item:
    """A message as it is shown, or a line about what was changed between two of them."""

    message: Message | None = None
    html: SafeString | None = None
    files: Sequence[Attachment] = ()
    undelivered: str = ""  # why a mail of it did not arrive, in words
    line: Line | None = None

    @property
    def at(self) -> datetime:
        return self.message.created_at if self.message else self.line.at  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The newest messages, or those before one. `earlier` is how many the next step back shows."""

    items: list[Item]
    earlier: int = 0
    first: int = 0  # message ids; 0 for none
    is_older_page: bool = False


def said_on(family: list[int], actor: Actor) -> MessageQuerySet:
    """Who may work on a ticket reads all of it, but maybe not all of those merged into it."""
    rows = Message.objects.filter(ticket__in=family)
    return rows.readable_by(actor) if len(family) > 1 else rows


def newest(family: list[int], about: Around, actor: Actor, *, before: Message | None) -> list[int]:
    """Ids of the messages to show and of those a step further back. No query for the usual page."""
    if before is None and len(family) == 1:
        return about.newest
    rows = said_on(family, actor)
    if before is not None:
        at = before.created_at
        rows = rows.filter(created_at__lte=at).filter(Q(created_at__lt=at) | Q(pk__lt=before.pk))
    ids = rows.order_by("-created_at", "-id").values_list("pk", flat=True)
    return list(ids[: 2 * AT_ONCE])


def conversation(
    ids: list[int],
    written: Said,
    told: list[Entry],
    book: Directory,
    *,
    before: Message | None,
) -> Conversation:
    """The messages with what was changed between them."""
    shown = items(written.messages, written.files, book)
    earlier = len(ids) - len(ids[:AT_ONCE])
    since = shown[0].at if shown and (earlier or before) else None
    until = before.created_at if before is not None else None
    changed = [line for line in history.lines(told, since=since) if not until or line.at < until]
    return Conversation(
        items=sorted([*shown, *(Item(line=line) for line in changed)], key=lambda item: item.at),
        earlier=earlier,
        first=shown[0].message.pk if shown and shown[0].message else 0,
        is_older_page=before is not None,
    )


def written(rows: MessageQuerySet, book: Directory) -> list[Item]:
    """Messages in the order of time, ready to show. Two queries."""
    found = list(rows.conversation().select_related("author").prefetch_related("attachments"))
    return items(found, {row.pk: list(row.attachments.all()) for row in found}, book)


def items(
    messages: Iterable[Message], files: Mapping[int, Sequence[Attachment]], book: Directory
) -> list[Item]:
    known: dict[str, int] | None = None
    found = []
    messages = list(messages)
    lost = undelivered.of(messages)
    for message in messages:
        html = quoting.folded(message.html)
        if message.visibility == Message.Visibility.INTERNAL and "@" in html:
            known = known if known is not None else mentions.handles(book.staff)
            html = mentions.shown(html, book.staff, known)
        safe = mark_safe(html)  # noqa: S308 - sanitised before
        found.append(
            Item(
                message=message,
                html=safe,
                files=files.get(message.pk, ()),
                undelivered=lost.get(message.pk, ""),
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """Tickets that belong to this one. `family` are those whose messages are shown."""

    family: list[int]
    merged: list[Ticket]
    children: list[Ticket]


def relatives(ticket: Ticket, near: list[Ticket], actor: Actor) -> Relatives:
    """No query, and one for each level of merges of merges."""
    merged = [row for row in near if row.merged_into_id == ticket.pk]
    family, level = [ticket.pk], [row.pk for row in merged]
    while level:
        family.extend(level)
        level = list(Ticket.objects.filter(merged_into__in=level).values_list("pk", flat=True))
    return Relatives(
        family=family,
        merged=[row for row in merged if _is_shown(row, actor)],
        children=[row for row in near if row.parent_id == ticket.pk and _is_shown(row, actor)],
    )


def _is_shown(ticket: Ticket, actor: Actor) -> bool:
    return ticket.team_id not in actor.hidden_team_ids or ticket.assignee_id == actor.id


@dataclass(frozen=True, slots=True)
class Tie:
    """How another ticket belongs with this one, in words."""

    words: str
    other: Ticket
    is_ours: bool  # "this one blocks it", not "it blocks this one"


def ties(ticket: Ticket, links: Iterable[Link], actor: Actor) -> list[Tie]:
    told = [
        Tie(link.get_kind_display(), link.target, is_ours=True)
        if link.source_id == ticket.pk
        else Tie(link.get_kind_display(), link.source, is_ours=False)
        for link in links
    ]
    return [tie for tie in told if _is_shown(tie.other, actor)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the reader writes here, and what colleagues do."""

    drafts: Mapping[str, Draft]  # the reader's own, by kind
    sending: list[Draft]  # the reader's replies on their way
    writers: list[str]  # colleagues with a draft or a reply on its way


def desk(rows: Iterable[Draft], actor: Actor, book: Directory) -> Desk:
    """The drafts on a ticket, by whose they are."""
    rows = list(rows)
    mine = [row for row in rows if row.author_id == actor.id]
    others = dict.fromkeys(row.author_id for row in rows if row.author_id != actor.id)
    return Desk(
        drafts={row.kind: row for row in mine if row.due_at is None},
        sending=[row for row in mine if row.due_at is not None],
        writers=[book.staff.get(pk, "?") for pk in others],
    )


def preview(draft: Draft) -> SafeString:
    return mark_safe(markup.render(draft.text, "markdown"))  # noqa: S308 - sanitised by it


@dataclass(frozen=True, slots=True)
class Colleague:
    name: str
    state: presence.State

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()


def colleagues(ticket: Ticket, actor: Actor, book: Directory, *, now: datetime) -> list[Colleague]:
    """Who else is here."""
    others = [pk for pk in book.staff if pk != actor.id]
    found = presence.here(ticket_id=ticket.pk, among=others, now=now)
    return [Colleague(book.staff[one.user_id], one.state) for one in found]


@dataclass(frozen=True, slots=True)
class Others:
    """The requester's other tickets, open ones first, and what they last thought of our help."""

    tickets: list[Ticket]
    rating: Rating | None


def others_of_requester(newest: Iterable[Ticket], rating: Rating | None) -> Others:
    """Out of their newest tickets."""
    return Others(
        tickets=[
            reference.dress(row)
            for row in sorted(newest, key=lambda row: row.status_category not in ACTIVE)[:OTHERS]
        ],
        rating=rating,
    )


def fields(ticket: Ticket) -> list[tuple[str, str]]:
    """The category's fields and what the customer said; asks only if they said something."""
    if not ticket.custom:
        return []
    return [
        (definition.label, _spelt(ticket.custom[definition.key]))
        for definition in custom.definitions_for(ticket.category)
        if ticket.custom.get(definition.key) not in (None, "")
    ]


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def told(ticket: Ticket, facts: list[Envelope], book: Directory) -> list[Entry]:
    """The ticket's history, newest first."""
    known = {ticket.requester_id: str(ticket.requester)}
    return history.entries(facts, people=known, book=book)


def local_time(zone: str) -> datetime | None:
    """What the clock says where somebody is; None where the desk doesn't know."""
    try:
        return timezone.now().astimezone(zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def watchers(participants: Iterable[Participant]) -> list[str]:
    return [str(row.user) if row.user else row.address for row in participants]


def path_of(pk: int) -> str:
    return reverse("admin:tickets_ticket_change", args=[pk])
