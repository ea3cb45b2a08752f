from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.mail.actions import forget, sent_by


def export(user: User) -> object:
    mails = sent_by(user.email).order_by("pk")
    return [{"subject": mail.subject, "at": mail.received_at.isoformat()} for mail in mails]


def _forget(user: User) -> None:
    forget(user.email, now=timezone.now())


register(Holder(name="mail", export=export, forget=_forget))
