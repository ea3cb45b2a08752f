"""What administrators are told when a webhook was switched off: a mail, in their language."""

from __future__ import annotations

from datetime import datetime

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


def tell_administrators(endpoint: Endpoint, *, why: str, event_id: int, now: datetime) -> None:
    for person in _administrators():
        with translation.override(person.locale):
            subject = gettext("The webhook “%(name)s” was switched off") % {"name": endpoint.name}
            text = _text(endpoint, why)
            footer = gettext("You get this because you run %(desk)s.") % {
                "desk": settings.DESK_NAME
            }
            context = {"text": text, "footer": footer, "desk_name": settings.DESK_NAME}
            queue_mail(
                key=f"webhook-off:{event_id}:{person.pk}",
                to=person.email,
                subject=subject,
                text=f"{text}\n\n--\n{footer}\n",
                html=render_to_string("account/email/base_message.html", context),
                headers={"Auto-Submitted": "auto-generated"},
                now=now,
            )


def _text(endpoint: Endpoint, why: str) -> str:
    page = settings.SITE_URL + reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])
    return gettext(
        "%(url)s has not taken anything for a long time. The last answer: %(why)s\n\n"
        "It hears of nothing until you switch it on again: %(page)s"
    ) % {"url": endpoint.url, "why": why, "page": page}


def _administrators() -> QuerySet[User]:
    run = DjangoPermission.objects.filter(codename=Permission.MANAGE_DESK)
    return (
        User.objects.filter(is_staff=True, is_active=True)
        .filter(Q(groups__permissions__in=run) | Q(is_superuser=True))
        .distinct()
        .order_by("pk")
    )
