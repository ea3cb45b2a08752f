"""Found tickets as rows of a page, from the database's own rows: an index may be late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Substr

from apps.kernel.actors import Actor
from apps.knowledge.models import Article
from apps.search.access import is_staff
from apps.search.gather import family_of
from apps.search.highlight import READ, Marker, marked, snippet
from apps.search.results import ArticleHit, TicketHit
from apps.tickets.models import Message, Ticket

_MESSAGES = 200  # of all tickets of a page, the latest: snippets come out of these


def ticket_hits(ticket_ids: Sequence[int], actor: Actor, marker: Marker) -> list[TicketHit]:
    """In the order given, without those that the actor may not see (any more). Three queries."""
    rows = Ticket.objects.visible_to(actor).filter(pk__in=ticket_ids)
    found = {
        row["pk"]: row
        for row in rows.values(
            *("pk", "ref", "subject", "status_category", "updated_at"),
            *("status__agent_label", "status__customer_label"),
            *("requester__name", "requester__email", "team__name"),
            *("assignee__name", "assignee__email", "priority", "is_major_incident"),
        )
    }
    texts = _texts(list(found), actor) if found else {}
    return [
        _hit(found[pk], texts[pk], marker, for_staff=is_staff(actor))
        for pk in ticket_ids
        if pk in found
    ]


def article_hits(
    article_ids: Sequence[int], actor: Actor, marker: Marker, *, language: str
) -> list[ArticleHit]:
    """In the order given, of those that the actor finds. One query.

    In a language: that one of an article's translations, or the original where there is none.
    """
    rows = Article.objects.readable_by(actor).filter(pk__in=article_ids)
    if language:
        rows = rows.in_language(language)
    found = {
        row["pk"]: row
        for row in rows.values(
            "pk", "slug", "title", "summary", "audience", text=Substr("live__source", 1, READ)
        )
    }
    return [
        ArticleHit(
            article_id=pk,
            slug=found[pk]["slug"],
            title_html=marked(found[pk]["title"], marker),
            snippet_html=snippet([found[pk]["summary"], found[pk]["text"]], marker),
            audience=found[pk]["audience"],
        )
        for pk in article_ids
        if pk in found
    ]


def _hit(row: dict[str, Any], texts: list[str], marker: Marker, *, for_staff: bool) -> TicketHit:
    return TicketHit(
        ticket_id=row["pk"],
        ref=row["ref"],
        number=row["pk"],
        subject_html=marked(row["subject"], marker),
        snippet_html=snippet(texts, marker),
        status_category=row["status_category"],
        status_label=row["status__agent_label"],
        customer_label=row["status__customer_label"],
        requester_name=_name(row["requester__name"], row["requester__email"]),
        team_name=(row["team__name"] or "") if for_staff else "",
        assignee_name=_name(row["assignee__name"], row["assignee__email"]) if for_staff else "",
        priority=row["priority"] if for_staff else 0,
        is_major=row["is_major_incident"] and for_staff,
        updated_at=row["updated_at"],
    )


def _name(name: str | None, email: str | None) -> str:
    return name or (email or "").partition("@")[0]


def _texts(ticket_ids: Sequence[int], actor: Actor) -> defaultdict[int, list[str]]:
    """What the actor may read of each ticket and of those merged into it, oldest first."""
    texts: defaultdict[int, list[str]] = defaultdict(list)
    owner = family_of(ticket_ids)
    latest = (
        Message.objects.filter(ticket__in=owner)
        .readable_by(actor)
        .order_by("-created_at", "-id")  # by id alone, PostgreSQL walks all messages backwards
        .annotate(text=Substr("source", 1, READ))
        .values_list("ticket", "text")[:_MESSAGES]
    )
    for ticket_id, text in reversed(latest):
        texts[owner[ticket_id]].append(text)
    return texts
