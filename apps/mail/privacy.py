from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.mail.actions import forget
from apps.mail.models import IncomingMail


def export(user: User) -> object:
    mails = IncomingMail.objects.filter(envelope_from__iexact=user.email).order_by("pk")
    return [{"subject": mail.subject, "at": mail.received_at.isoformat()} for mail in mails]


def _forget(user: User) -> None:
    forget(user.email)


register(Holder(name="mail", export=export, forget=_forget))
