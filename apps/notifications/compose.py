"""One mail of all that a person waits for about one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import actor_for
from apps.accounts.models import User
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification, Preference
from apps.notifications.unsubscribe import unsubscribe_url
from apps.tickets import policies, ratings
from apps.tickets.actions.rows import thread_of
from apps.tickets.models import Message, Participant, Score, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`message_id` is the row of the one message that it carries, if it carries one."""

    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)
    message_id: int | None = None


_LEADS = {
    Kind.RECEIVED: _("We have received your request and will answer it as soon as we can."),
    Kind.MERGED: _("This request was joined with another one of yours, where it goes on."),
    Kind.NEW: _("A new ticket waits for your team."),
    Kind.ASSIGNED: _("This ticket was assigned to you."),
    Kind.MENTIONED: _("A colleague mentioned you."),
    Kind.HELD: _("Your reply was not sent. It waits in your drafts on this ticket."),
    Kind.UNDELIVERED: _("An answer could not be delivered by mail. The ticket says why."),
    Kind.RATING: _("Your request was solved. How was our help? One click is enough."),
}
PREHEADER = 120  # characters that mail programs show beside the subject


def wanted(
    notes: Sequence[Notification], recipient: User | None, ticket: Ticket, *, now: datetime
) -> list[Notification]:
    """Those that the recipient may still see, and wants."""
    if recipient is None:
        watches = Participant.objects.filter(ticket=ticket, address=notes[0].address)
        return [note for note in notes if _is_public(note)] if watches.exists() else []
    if not recipient.is_active:
        return []
    actor = actor_for(recipient)
    if not policies.can_view(actor, ticket):
        return []
    refused = Preference.objects.filter(user=recipient, mail=False).values_list("kind", flat=True)
    unwanted = set(refused)
    if ratings.solving(ticket, now=now) is None:
        unwanted.add(Kind.RATING)  # reopened in between
    if ticket.assignee_id is not None:
        unwanted.add(Kind.NEW)  # it waits for the team no longer
    return [
        note
        for note in notes
        if note.kind not in unwanted and (_is_public(note) or policies.can_work(actor, ticket))
    ]


def _is_public(note: Notification) -> bool:
    if note.message is not None:
        return note.message.visibility == Message.Visibility.PUBLIC
    return note.kind in _FOR_CUSTOMERS


_FOR_CUSTOMERS = {Kind.RECEIVED, Kind.REPLY, Kind.SOLVED, Kind.MERGED, Kind.RATING}


def mail(
    ticket: Ticket, recipient: User | None, address: str, notes: Sequence[Notification]
) -> Mail:
    """The mail about these notes, oldest first, in the recipient's language and time."""
    spoken = recipient.locale if recipient else ticket.language
    zone = recipient.time_zone if recipient else settings.TIME_ZONE
    with translation.override(_known(spoken)), timezone.override(zone):
        return _mail(ticket, recipient, address, notes)


def _known(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _mail(
    ticket: Ticket, recipient: User | None, address: str, notes: Sequence[Notification]
) -> Mail:
    told = (note.message for note in notes if note.message is not None)
    messages = list(dict.fromkeys(told))  # a mention and its note are one message
    only = messages[0] if len(messages) == 1 else None
    is_staff = recipient is not None and policies.can_work(actor_for(recipient), ticket)
    leads = _leads(notes, ticket)
    preheader = " ".join([*leads, *(message.source for message in messages)])
    context = {
        "desk_name": settings.DESK_NAME,
        "ticket": ticket,
        "name": recipient.get_short_name() if recipient else "",
        "leads": leads,
        "messages": messages,
        "preheader": Truncator(preheader).chars(PREHEADER),
        "reason": gettext(notes[0].reason),
        "url": ticket_url(ticket, is_staff=is_staff),
        "answers": _answers(ticket) if any(n.kind == Kind.RATING for n in notes) else [],
        "settings_url": settings.SITE_URL + reverse("preferences") if recipient else "",
        "stop_url": unsubscribe_url(recipient) if recipient else "",
    }
    prefix = "" if notes[0].kind == Kind.RECEIVED else "Re: "
    return Mail(
        to=recipient.email if recipient else address,
        subject=f"{prefix}{ticket.subject} [#{ticket.pk}]",
        text=render_to_string("mail/ticket.txt", context),
        html=render_to_string("mail/ticket.html", context),
        headers=_headers(ticket, messages, recipient),
        message_id=only.pk if only and only.direction == Message.Direction.OUT else None,
    )


def _answers(ticket: Ticket) -> list[tuple[str, str]]:
    """The answers to "how was our help?", best first, each with its signed link."""
    url = settings.SITE_URL + reverse("rating", args=[ratings.token_for(ticket)])
    return [(f"{url}?score={score.value}", str(score.label)) for score in reversed(Score)]


def _leads(notes: Sequence[Notification], ticket: Ticket) -> list[str]:
    leads = [str(_LEADS[Kind(note.kind)]) for note in notes if Kind(note.kind) in _LEADS]
    if any(note.kind == Kind.SOLVED for note in notes):
        status = gettext(ticket.status.customer_label)
        leads.append(gettext("The request is now: %(status)s.") % {"status": status})
    return list(dict.fromkeys(leads))


def ticket_url(ticket: Ticket, *, is_staff: bool) -> str:
    return str(settings.SITE_URL) + ticket_path(ticket, is_staff=is_staff)


def ticket_path(ticket: Ticket, *, is_staff: bool) -> str:
    """Staff read it on the desk, customers on the portal."""
    if is_staff:
        return reverse("admin:tickets_ticket_change", args=[ticket.pk])
    return reverse("ticket", args=[ticket.ref])


def _headers(ticket: Ticket, messages: Sequence[Message], recipient: User | None) -> dict[str, str]:
    """Threading by our own Message-IDs (RFC 5322), and no answers from machines (RFC 3834)."""
    public = [m for m in messages if m.visibility == Message.Visibility.PUBLIC]
    in_reply_to, references = (
        (public[0].in_reply_to, public[0].references) if public else thread_of(ticket)
    )
    headers = {"In-Reply-To": in_reply_to, "References": references}
    if messages and messages[-1].message_id:
        headers["Message-ID"] = messages[-1].message_id
    if not any(message.author_id for message in messages):
        headers["Auto-Submitted"] = "auto-generated"
    headers["X-Auto-Response-Suppress"] = "All"
    if recipient is not None:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url(recipient)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
