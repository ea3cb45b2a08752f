"""What the workspace shows of one ticket: about a dozen queries, however much was said on it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.desk import history, mentions, presence, quoting, undelivered
from apps.desk.directory import Directory
from apps.desk.history import Entry, Line
from apps.desk.models import Draft
from apps.events import journal
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled, CompiledFor
from apps.tickets import custom, events
from apps.tickets.models import Link, Message, Participant, Rating, Ticket
from apps.tickets.querysets import MessageQuerySet
from apps.tickets.statuses import ACTIVE

AT_ONCE = 30  # messages; earlier ones are a click away
HISTORY = 80  # facts
OTHERS, LOOKED_AT = 5, 20  # tickets of the same requester: shown, and looked through for open ones


@dataclass(frozen=True, slots=True)
class Item:
    """A message as it is shown, or a line about what was changed between two of them."""

    message: Message | None = None
    html: SafeString | None = None
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


def conversation(
    family: list[int],
    told: list[Entry],
    book: Directory,
    actor: Actor,
    *,
    before: Message | None,
) -> Conversation:
    """Two queries and one for the files, or none if there is nothing."""
    if before is not None:
        at, rows = before.created_at, said_on(family, actor)
        rows = rows.filter(created_at__lte=at).filter(Q(created_at__lt=at) | Q(pk__lt=before.pk))
        ids = list(_newest(rows))
    else:
        is_alone = len(family) == 1
        ids = _newest_of(family[0]) if is_alone else list(_newest(said_on(family, actor)))
    shown = written(Message.objects.filter(pk__in=ids[:AT_ONCE]), book)
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


def _newest(rows: MessageQuerySet) -> QuerySet[Message, int]:
    return rows.order_by("-created_at", "-id").values_list("pk", flat=True)[: 2 * AT_ONCE]


_newest_of: Compiled[int] = Compiled(lambda pk: _newest(Message.objects.filter(ticket__in=[pk])))


def written(rows: Any, book: Directory) -> list[Item]:
    """Messages in the order of time, ready to show."""
    found = rows.conversation().select_related("author").prefetch_related("attachments")
    known: dict[str, int] | None = None
    items = []
    lost = undelivered.of(found)
    for message in found:
        html = quoting.folded(message.html)
        if message.visibility == Message.Visibility.INTERNAL and "@" in html:
            known = known if known is not None else mentions.handles(book.staff)
            html = mentions.shown(html, book.staff, known)
        safe = mark_safe(html)  # noqa: S308 - sanitised before
        items.append(Item(message=message, html=safe, undelivered=lost.get(message.pk, "")))
    return items


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatives:
    """Tickets that belong to this one. `family` are those whose messages are shown."""

    family: list[int]
    merged: list[Ticket]
    children: list[Ticket]


_near: Compiled[Ticket] = Compiled(
    lambda pk: Ticket.objects.filter(Q(merged_into=pk) | Q(parent=pk)).order_by("pk")
)


def relatives(ticket: Ticket, actor: Actor) -> Relatives:
    """One query, and one more for each level of merges of merges."""
    near = _near(ticket.pk)
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


_tied: Compiled[Link] = Compiled(
    lambda pk: (
        Link.objects.filter(Q(source=pk) | Q(target=pk))
        .select_related("source__status", "target__status")
        .order_by("pk")
    )
)


def ties(ticket: Ticket, actor: Actor) -> list[Tie]:
    told = [
        Tie(link.get_kind_display(), link.target, is_ours=True)
        if link.source_id == ticket.pk
        else Tie(link.get_kind_display(), link.source, is_ours=False)
        for link in _tied(ticket.pk)
    ]
    return [tie for tie in told if _is_shown(tie.other, actor)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the reader writes here, and what colleagues do."""

    drafts: Mapping[str, Draft]  # the reader's own, by kind
    sending: list[Draft]  # the reader's replies on their way
    writers: list[str]  # colleagues with a draft or a reply on its way


def desk(ticket: Ticket, actor: Actor, book: Directory) -> Desk:
    """One query, and one for the files of drafts if there are drafts."""
    rows = Draft.objects.filter(ticket=ticket).order_by("pk").prefetch_related("files")
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


_of_requester: CompiledFor[Ticket] = CompiledFor(
    lambda actor, requester, but: (
        Ticket.objects.visible_to(actor)
        .raised_by(requester)
        .exclude(pk=but)
        .select_related("status")
        .order_by("-updated_at", "-pk")[:LOOKED_AT]
    )
)


def others_of_requester(ticket: Ticket, actor: Actor) -> Others:
    """Two queries, among their newest tickets."""
    newest = _of_requester(actor, ticket.requester_id, ticket.pk)
    given = Rating.objects.filter(ticket__in=[ticket, *newest]).given()
    return Others(
        tickets=sorted(newest, key=lambda row: row.status_category not in ACTIVE)[:OTHERS],
        rating=given.order_by("-given_at").first(),
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


def told(ticket: Ticket, book: Directory) -> list[Entry]:
    """The ticket's history, newest first."""
    known = {ticket.requester_id: str(ticket.requester)}
    facts = journal.history(events.subject_of(ticket.pk), limit=HISTORY)
    return history.entries(facts, people=known, book=book)


def local_time(zone: str) -> datetime | None:
    """What the clock says where somebody is; None where the desk doesn't know."""
    try:
        return timezone.now().astimezone(zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def watchers(ticket: Ticket) -> list[str]:
    return [str(row.user) if row.user else row.address for row in _watching(ticket.pk)]


_watching: Compiled[Participant] = Compiled(
    lambda pk: Participant.objects.filter(ticket=pk).select_related("user").order_by("pk")
)


def path_of(pk: int) -> str:
    return reverse("admin:tickets_ticket_change", args=[pk])
