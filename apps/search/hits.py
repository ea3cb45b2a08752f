"""Found tickets as rows of a page, from the database's own rows: an index may be late."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Substr

from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled, CompiledFor, padded, together
from apps.knowledge.models import Article
from apps.search.access import is_staff
from apps.search.highlight import READ, Marker, marked, snippet
from apps.search.results import ArticleHit, TicketHit
from apps.tickets import reference
from apps.tickets.models import Message, Ticket

_MESSAGES = 200  # of all tickets of a page, the latest: snippets come out of these

Row = tuple[Any, ...]
Text = tuple[int, str]  # a ticket's id, and what was written on it


def ticket_hits(ticket_ids: Sequence[int], actor: Actor, marker: Marker) -> list[TicketHit]:
    """In the order given, without those that the actor may not see (any more).

    One round trip, and one for each level of tickets that were merged into these.
    """
    if not ticket_ids:
        return []
    ids = padded(ticket_ids)
    rows, merged, said = together(
        _rows(len(ids)).asked(actor, *ids),
        _merged(len(ids)).asked(*ids),
        _said(len(ids)).asked(actor, *ids),
    )
    found = {row[0]: row for row in rows}
    owner = {pk: pk for pk in found}
    while new := {pk: owner[into] for pk, into in merged if into in owner and pk not in owner}:
        owner |= new
        below, ids = padded(list(new)), padded(list(owner))
        merged, said = together(
            _merged(len(below)).asked(*below), _said(len(ids)).asked(actor, *ids)
        )
    texts: defaultdict[int, list[str]] = defaultdict(list)
    for ticket_id, text in reversed(said):  # oldest first
        if ticket_id in owner:
            texts[owner[ticket_id]].append(text)
    return [
        _hit(found[pk], texts[pk], marker, for_staff=is_staff(actor))
        for pk in ticket_ids
        if pk in found
    ]


@functools.cache
def _rows(_count: int) -> CompiledFor[Row]:
    return CompiledFor(
        lambda actor, *ids: (
            Ticket.objects.visible_to(actor)
            .filter(pk__in=ids)
            .order_by()
            .values_list(
                *("pk", "ref", "subject", "status_id", "status_category", "team_id"),
                *("requester__name", "requester__email", "assignee__name", "assignee__email"),
                *("priority", "is_major_incident", "updated_at"),
            )
        )
    )


@functools.cache
def _merged(_count: int) -> Compiled[tuple[int, int | None]]:
    """Which tickets were merged into these."""
    return Compiled(
        lambda *ids: (
            Ticket.objects.filter(merged_into__in=ids).order_by().values_list("pk", "merged_into")
        )
    )


@functools.cache
def _said(_count: int) -> CompiledFor[Text]:
    """What the actor may read of these, newest first. Of tickets that the actor may see."""
    return CompiledFor(
        lambda actor, *ids: (
            Message.objects.filter(ticket__in=ids)
            .readable_by(actor)
            .order_by("-created_at", "-id")  # by id alone, PostgreSQL walks all messages backwards
            .annotate(text=Substr("source", 1, READ))
            .values_list("ticket", "text")[:_MESSAGES]
        )
    )


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


def _hit(row: Row, texts: list[str], marker: Marker, *, for_staff: bool) -> TicketHit:
    pk, ref, subject, status_id, status, team_id, *people, priority, is_major, updated_at = row
    requester, requester_email, assignee, assignee_email = people
    kept, team = reference.status(status_id), reference.team(team_id) if for_staff else None
    return TicketHit(
        ticket_id=pk,
        ref=ref,
        number=pk,
        subject_html=marked(subject, marker),
        snippet_html=snippet(texts, marker),
        status_category=status,
        status_label=kept.agent_label if kept else "",
        customer_label=kept.customer_label if kept else "",
        requester_name=_name(requester, requester_email),
        team_name=team.name if team else "",
        assignee_name=_name(assignee, assignee_email) if for_staff else "",
        priority=priority if for_staff else 0,
        is_major=is_major and for_staff,
        updated_at=updated_at,
    )


def _name(name: str | None, email: str | None) -> str:
    return name or (email or "").partition("@")[0]
