"""One page of requests: whose, which, about what, in which order. Keyset paging both ways."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Subquery
from django.http import HttpRequest

from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.kernel.actors import Actor
from apps.kernel.compiled import CompiledFor
from apps.kernel.text import parse_moment
from apps.notifications import bell
from apps.portal import shown
from apps.search import find
from apps.search.among import Among
from apps.tickets.models import Participant, Ticket
from apps.tickets.querysets import TicketQuerySet
from apps.tickets.statuses import ACTIVE, StatusCategory

PAGE = 25
STATES = {
    "open": sorted(ACTIVE),
    "waiting": [StatusCategory.PENDING],
    "solved": [
        StatusCategory.RESOLVED,
        StatusCategory.CLOSED,
        StatusCategory.CANCELLED,
        StatusCategory.MERGED,
    ],
}
_CURSOR = re.compile(r"(?P<moment>[0-9T:.+-]{19,40})~(?P<last>[0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader asked for; anything odd falls back to the first choice."""

    whose: str = "mine"  # or "ours", "followed"
    state: str = "open"  # or "waiting", "solved", "all"
    topic: int | None = None
    person: str = ""  # a colleague's ref
    oldest_first: bool = False
    text: str = ""
    after: str = ""  # cursors: the row before the page, or the row behind it
    before: str = ""

    def link(self, **changed: object) -> str:
        """The query string of the same list with something else, from its first page."""
        return "?" + urlencode(self.said(**changed))

    def said(self, **changed: object) -> dict[str, object]:
        """What an address has to say of this list: nothing of what is usual."""
        said: dict[str, object] = {
            "whose": self.whose,
            "state": self.state,
            "topic": self.topic,
            "person": self.person,
            "sort": "oldest" if self.oldest_first else "",
            "q": self.text,
            **changed,
        }
        usual = {"whose": "mine", "state": "open"}
        return {k: v for k, v in said.items() if v not in {"", None} and usual.get(k) != v}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`newer` and `older` are query strings, empty where there is nothing more."""

    entries: list[shown.Entry] = field(default_factory=list)
    newer: str = ""
    older: str = ""
    corrected: str = ""
    problems: list[str] = field(default_factory=list)  # filters that were not understood


def asked(values: Mapping[str, str], actor: Actor) -> Asked:
    whose = values.get("whose", "")
    may_share = actor.shared_organisation_id is not None
    topic = values.get("topic", "")[:18]
    return Asked(
        whose=whose if whose == "followed" or (whose == "ours" and may_share) else "mine",
        state=values["state"] if values.get("state") in {*STATES, "all"} else "open",
        topic=int(topic) if topic.isdecimal() else None,
        person=values.get("person", "")[:16] if whose == "ours" else "",
        oldest_first=values.get("sort") == "oldest",
        text=values.get("q", "").strip()[:200],
        after=values.get("after", "")[:80],
        before=values.get("before", "")[:80],
    )


def page(asked: Asked, request: HttpRequest) -> Page:
    """One query, with the bell's in the same round trip; a search asks what searching asks."""
    actor = actor_of(request)
    if asked.text:
        return _searched(asked, actor)
    backwards = bool(asked.before)
    cursor = _cursor(asked.before or asked.after)
    if cursor is None and asked.topic is None and not asked.person:
        first = _first_page(asked.whose, asked.state, asked.oldest_first)
        (rows,) = bell.beside(request, first.asked(actor))
    else:
        rows = list(shown.columns(_rows(asked, actor, cursor)))
    found = shown.entries(rows)
    has_more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    is_first = cursor is None if not backwards else not has_more
    is_last = not backwards and not has_more
    return Page(
        entries=found,
        newer="" if is_first or not found else asked.link(before=_name(found[0])),
        older="" if is_last or not found else asked.link(after=_name(found[-1])),
    )


def _rows(asked: Asked, actor: Actor, cursor: tuple[datetime, int] | None) -> TicketQuerySet:
    """The rows of a page and one more."""
    rows = _narrowed(_of(asked, actor), asked)
    newest_first = asked.oldest_first == bool(asked.before)
    if cursor is not None:
        rows = rows.older_than(*cursor) if newest_first else rows.newer_than(*cursor)
    order = ("-updated_at", "-pk") if newest_first else ("updated_at", "pk")
    return rows.order_by(*order)[: PAGE + 1]


@functools.cache
def _first_page(whose: str, state: str, oldest_first: bool) -> CompiledFor[shown.Columns]:
    wanted = Asked(whose=whose, state=state, oldest_first=oldest_first)
    return CompiledFor(lambda actor: shown.columns(_rows(wanted, actor, None)))


def _of(asked: Asked, actor: Actor) -> TicketQuerySet:
    if asked.whose == "ours":
        visible = Ticket.objects.visible_to(actor)
        return visible.filter(organisation=actor.shared_organisation_id)
    if asked.whose == "followed":
        followed = Participant.objects.filter(user=actor.id).values("ticket_id")
        return Ticket.objects.visible_to(actor).filter(pk__in=Subquery(followed))
    return Ticket.objects.raised_by(actor.id)


def _narrowed(rows: TicketQuerySet, asked: Asked) -> TicketQuerySet:
    if asked.state in STATES:
        rows = rows.filter(status_category__in=STATES[asked.state])
    if asked.topic is not None:
        rows = rows.filter(category=asked.topic)
    if asked.person:
        rows = rows.filter(requester__ref=asked.person)
    return rows


def _searched(asked: Asked, actor: Actor) -> Page:
    """Best first, within the list."""
    person = User.objects.filter(ref=asked.person).first() if asked.person else None
    among = Among(
        requester=person.pk if person else actor.id if asked.whose == "mine" else None,
        participant=actor.id if asked.whose == "followed" else None,
        organisation=actor.shared_organisation_id if asked.whose == "ours" else None,
        standings=STATES.get(asked.state, ()),
        category=asked.topic,
    )
    hits = find.tickets(asked.text, actor=actor, cursor=asked.after, limit=PAGE, among=among)
    return Page(
        entries=shown.found(hits.hits),
        older=asked.link(after=hits.following) if hits.following else "",
        corrected=hits.corrected,
        problems=hits.problems,
    )


def _name(entry: shown.Entry) -> str:
    return f"{entry.at.isoformat()}~{entry.number}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    match = _CURSOR.fullmatch(text)
    moment = parse_moment(match["moment"]) if match else None
    if match is None or moment is None:
        return None
    return moment, int(match["last"])
