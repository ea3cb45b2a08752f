"""Who is told when a webhook was switched off, and what: a mail, in their language.

Administrators, who can switch it on again; and the managers of the organisation that it belongs to,
whose own system has stopped hearing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.notifications.actions import queue_mail
from apps.webhooks.models import Endpoint


def tell(endpoint: Endpoint, *, why: str, event_id: int, now: datetime) -> None:
    """Each once, in the first of these that they are."""
    run = list(_administrators())
    for person in run:
        with translation.override(person.locale):
            footer = gettext("You get this because you run %(desk)s.") % _desk()
            text = _for_administrators(endpoint, why)
            _queue(endpoint, person, text=text, footer=footer, event_id=event_id, now=now)
    for person in _managers(endpoint):
        if person in run:
            continue
        with translation.override(person.locale):
            footer = gettext(
                "You get this because you manage %(organisation)s, whose webhook it is."
            ) % {"organisation": endpoint.organisation}
            text = _for_managers(endpoint, why)
            _queue(endpoint, person, text=text, footer=footer, event_id=event_id, now=now)


def _queue(
    endpoint: Endpoint, person: User, *, text: str, footer: str, event_id: int, now: datetime
) -> None:
    context = {"text": text, "footer": footer, "desk_name": settings.DESK_NAME}
    queue_mail(
        key=f"webhook-off:{event_id}:{person.pk}",
        to=person.email,
        subject=gettext("The webhook “%(name)s” was switched off") % {"name": endpoint.name},
        text=f"{text}\n\n--\n{footer}\n",
        html=render_to_string("account/email/base_message.html", context),
        headers={"Auto-Submitted": "auto-generated"},
        now=now,
    )


def _for_administrators(endpoint: Endpoint, why: str) -> str:
    page = settings.SITE_URL + reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])
    return gettext(
        "%(url)s has not taken anything for a long time. The last answer: %(why)s\n\n"
        "It hears of nothing until you switch it on again: %(page)s"
    ) % {"url": endpoint.url, "why": why, "page": page}


def _for_managers(endpoint: Endpoint, why: str) -> str:
    """Without the path, which may hold a key of theirs."""
    page = settings.SITE_URL + reverse("ticket_choose")
    told = {"host": urlsplit(endpoint.url).hostname, "why": why, "page": page, **_desk()}
    return (
        gettext(
            "Your system at %(host)s has taken nothing of what %(desk)s told it for a long time."
            " The last answer: %(why)s\n\n"
            "It hears of nothing any more. When it works again, ask us to switch it on: %(page)s"
        )
        % told
    )


def _desk() -> dict[str, str]:
    return {"desk": settings.DESK_NAME}


def _administrators() -> QuerySet[User]:
    run = DjangoPermission.objects.filter(codename=Permission.MANAGE_DESK)
    return (
        User.objects.filter(is_staff=True, is_active=True)
        .filter(Q(groups__permissions__in=run) | Q(is_superuser=True))
        .distinct()
        .order_by("pk")
    )


def _managers(endpoint: Endpoint) -> Iterator[User]:
    if endpoint.organisation_id is None:
        return
    yield from User.objects.filter(
        organisation_id=endpoint.organisation_id, is_organisation_manager=True, is_active=True
    ).order_by("pk")
