"""Search, as pages ask for it. Only what the actor may see is ever found."""

from __future__ import annotations

from django.utils.html import escape
from django.utils.safestring import mark_safe

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.search.results import ArticleHit, PersonHit, TicketHit, TicketPage
from apps.tickets.models import Ticket


def tickets(text: str, *, actor: Actor, cursor: str = "", limit: int = 20) -> TicketPage:
    """One page of tickets that match, best first."""
    found = Ticket.objects.visible_to(actor).filter(subject__icontains=text).listed()[:limit]
    is_staff = actor.can(Permission.WORK_TICKETS)
    hits = [
        TicketHit(
            ticket_id=ticket.pk,
            ref=ticket.ref,
            number=ticket.pk,
            subject_html=mark_safe(escape(ticket.subject)),  # noqa: S308 - escaped here
            snippet_html=mark_safe(""),
            status_category=ticket.status_category,
            status_label=ticket.status.agent_label,
            customer_label=ticket.status.customer_label,
            requester_name=ticket.requester.get_full_name(),
            team_name=str(ticket.team or "") if is_staff else "",
            assignee_name=str(ticket.assignee or "") if is_staff else "",
            updated_at=ticket.updated_at,
        )
        for ticket in found
    ]
    return TicketPage(hits=hits, total=len(hits))


def articles(text: str, *, actor: Actor, limit: int = 10, language: str = "") -> list[ArticleHit]:
    """Articles that hold all the words, best first."""
    return []


def suggest(text: str, *, actor: Actor, limit: int = 3) -> list[ArticleHit]:
    """Articles that hold any of the words, best first: for somebody who is still typing."""
    return []


def people(text: str, *, actor: Actor, limit: int = 10) -> list[PersonHit]:
    """People by name or address, for staff."""
    if not actor.can(Permission.WORK_TICKETS):
        return []
    found = User.objects.filter(name__icontains=text).select_related("organisation")[:limit]
    return [
        PersonHit(
            user_id=user.pk,
            name=user.get_full_name(),
            email=user.email,
            organisation=str(user.organisation or ""),
        )
        for user in found
    ]
