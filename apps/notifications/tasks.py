"""The slow half: composing and sending.

Rows are the truth, so each task may run any number of times at once; chores run them every minute
for what a lost nudge left behind.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from apps.events.jobs import chore, spell
from apps.kernel.tracing import tracer
from apps.notifications import actions
from apps.notifications.addresses import is_blocked
from apps.notifications.carrying import AwayError, BusyError, DeskMail, RefusedError, carrier
from apps.notifications.models import OutgoingMail

logger = logging.getLogger(__name__)

KEEP_MAIL = timedelta(days=30)
KEEP_REPORTS = timedelta(days=90)
KEEP_NOTES = timedelta(days=90)  # people come back from a long leave


@chore
def compose_due() -> None:
    """Make mails of what people wait for."""
    for _ in spell():
        if not actions.compose_next(now=timezone.now()):
            return


@chore
def send_due() -> None:
    """Send what is due, each mail by itself: one that fails leaves the others alone.

    Where none can be carried now, the others wait too: asking for each would take long, and harm.

    Killed between the server's yes and our mark, or where its answer is lost, a mail goes again.
    By a mail server it has the same Message-ID, which mail programs show once, and the embedded
    folder keeps one file of it. SES has no key by which it would know a mail again, and writes a
    Message-ID of its own: its reader gets the mail twice. Better that than never.
    """
    connection = get_connection()
    for _ in spell():
        mail = actions.claim_mail(now=timezone.now())
        if mail is None or not _carry(mail, connection):
            return


def _carry(mail: OutgoingMail, connection: BaseEmailBackend) -> bool:
    """Send one. False if it makes no sense to try others now."""
    try:
        with tracer.get().span("mail", mail=mail.pk):
            carried_as = _send(mail, connection)
    except BusyError as error:
        logger.info("the carrier is busy, mail waits: %s", error)
        actions.put_off(mail=mail, error=str(error), seconds=error.seconds, now=timezone.now())
        return False
    except AwayError as error:
        logger.warning("no mail can be carried: %s", error)
        actions.mark_unsent(mail=mail, error=str(error), now=timezone.now())
        return False
    except RefusedError as error:
        logger.warning("mail %s was refused: %s", mail.pk, error)
        actions.mark_refused(mail=mail, error=str(error), now=timezone.now())
    except Exception as error:
        # Whatever it is, this mail's trouble is not the next one's.
        logger.warning("mail %s not sent", mail.pk, exc_info=True)
        text = f"{type(error).__name__}: {error}"
        actions.mark_unsent(mail=mail, error=text, now=timezone.now())
    else:
        actions.mark_sent(mail=mail, carried_as=carried_as, now=timezone.now())
    return True


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> str:
    """Returns what its carrier calls it."""
    headers = {**mail.headers, "Message-ID": mail.identity, "Date": _date(mail)}
    message = DeskMail(
        mail.subject,
        mail.text,
        to=[mail.to],
        headers=headers,
        connection=connection,
        label=str(mail.pk),
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    if mail.insists and is_blocked(mail.to):
        carrier.get().readmit(mail.to)
    message.send()
    return message.carried_as


def _date(mail: OutgoingMail) -> str:
    return mail.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000")


@chore
def prune() -> None:
    now = timezone.now()
    actions.prune_mail(before=now - KEEP_MAIL)
    actions.prune_notes(before=now - KEEP_NOTES)
    actions.prune_reports(before=now - KEEP_REPORTS)
