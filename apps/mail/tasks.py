from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.events.jobs import chore, spell
from apps.mail import actions
from apps.mail.inbox import InboxAwayError, inbox

logger = logging.getLogger(__name__)


@chore
def take_waiting() -> None:
    """Read what came in. Where nobody tells of mail, look for it first."""
    if not inbox.get().announces:
        try:
            actions.enter_unannounced(now=timezone.now())
        except InboxAwayError as error:
            logger.warning("mail can't be looked for, in a minute again: %s", error)
            return
    for _ in spell():
        if not actions.take_next(now=timezone.now()):
            return


@chore
def erase_forgotten() -> None:
    """Delete where it is kept what was forgotten in the database, or is old."""
    for _ in spell():
        if not actions.erase_next(now=timezone.now()):
            return


@chore
def prune() -> None:
    """Mail that was read is kept for so long; 0 keeps all of it."""
    if settings.INCOMING_MAIL_DAYS:
        now = timezone.now()
        actions.prune(before=now - timedelta(days=settings.INCOMING_MAIL_DAYS), now=now)


@chore
def find_unannounced() -> None:
    """Enter mails whose notice was lost."""
    try:
        found = actions.enter_unannounced(now=timezone.now())
    except InboxAwayError as error:
        logger.warning("mail can't be looked for, tomorrow again: %s", error)
        return
    if found:
        logger.warning("%d mails had no notice", found)
