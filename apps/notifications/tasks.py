"""The slow half: composing and sending.

Rows are the truth, so each task may run any number of times at once; chores run them every minute
for what a lost nudge left behind.
"""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from apps.notifications import actions
from apps.notifications.models import OutgoingMail

logger = logging.getLogger(__name__)

KEEP_MAIL = timedelta(days=30)
KEEP_NOTES = timedelta(days=90)  # people come back from a long leave


@shared_task
def compose_due() -> None:
    """Make mails of what people wait for."""
    while actions.compose_next(now=timezone.now()):
        pass


@shared_task
def send_due() -> None:
    """Send what is due, each mail by itself: one that fails leaves the others alone.

    Killed between the server's yes and our mark, a mail goes out again with the same Message-ID,
    which mail programs show once; the embedded folder keeps one file of it.
    """
    connection = get_connection()
    while mail := actions.claim_mail(now=timezone.now()):
        try:
            _send(mail, connection)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            logger.warning("mail %s not sent", mail.pk, exc_info=True)
            text = f"{type(error).__name__}: {error}"
            actions.mark_unsent(mail=mail, error=text, now=timezone.now())
        else:
            actions.mark_sent(mail=mail, now=timezone.now())


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> None:
    headers = {"Message-ID": stable_message_id(mail), **mail.headers, "Date": _date(mail)}
    message = EmailMultiAlternatives(
        mail.subject, mail.text, to=[mail.to], headers=headers, connection=connection
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    message.send()


def stable_message_id(mail: OutgoingMail) -> str:
    """The same at every attempt, for mails that carry no message of a ticket."""
    return f"<m.{mail.pk}.{int(mail.created_at.timestamp())}@{settings.MAIL_DOMAIN}>"


def _date(mail: OutgoingMail) -> str:
    return mail.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000")


@shared_task
def prune() -> None:
    now = timezone.now()
    actions.prune_mail(before=now - KEEP_MAIL)
    actions.prune_notes(before=now - KEEP_NOTES)
