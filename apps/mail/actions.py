"""Keeps what came in. Reading it into tickets is the intake's, which finds each mail here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.errors import DomainError, ForbiddenError
from apps.mail import events, reading
from apps.mail.inbox import Raw, inbox
from apps.mail.models import IncomingMail
from apps.mail.notices import arrival_in

MAX_BACKOFF = timedelta(hours=1)
A_BATCH = 500  # mails that are looked up at once


def receive_notice(notice: Mapping[str, Any], *, now: datetime) -> None:
    """Note a mail that SES stored, with all that it told of it. Twice is once.

    Raises notices.UnreadableError for what is no such notice.
    """
    arrival = arrival_in(notice)
    told = {
        "carried_as": arrival.carried_as,
        "envelope_from": arrival.envelope_from,
        "envelope_to": arrival.envelope_to,
        "received_at": arrival.received_at,
        "spam": arrival.spam,
        "virus": arrival.virus,
        "notice": arrival.notice,
    }
    row = IncomingMail(store=arrival.store, key=arrival.key, due_at=now, **told)
    IncomingMail.objects.bulk_create([row], ignore_conflicts=True)
    # One that was found without its notice gets it now.
    late = IncomingMail.objects.filter(store=arrival.store, key=arrival.key, notice={})
    late.update(**told)


def enter_unannounced(*, now: datetime) -> int:
    """Note the mails that are kept and that nobody told us of. Returns how many."""
    kept = inbox.get()
    entered, batch = 0, list[Raw]()
    for raw in kept.walk():
        batch.append(raw)
        if len(batch) == A_BATCH:
            entered += _enter(kept.store, batch, now=now)
            batch = []
    return entered + _enter(kept.store, batch, now=now)


def _enter(store: str, batch: list[Raw], *, now: datetime) -> int:
    keys = [raw.key for raw in batch]
    known = IncomingMail.objects.filter(store=store, key__in=keys)
    there = set(known.values_list("key", flat=True))
    new = [
        IncomingMail(store=store, key=raw.key, received_at=raw.at, size=raw.size, due_at=now)
        for raw in batch
        if raw.key not in there
    ]
    IncomingMail.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def take_next(*, now: datetime) -> bool:
    """Read one mail that waits. False: none is due."""
    mail = IncomingMail.objects.waiting(now=now).first()
    if mail is None:
        return False
    backoff = min(timedelta(minutes=1) * 2**mail.attempts, MAX_BACKOFF)
    mine = IncomingMail.objects.filter(pk=mail.pk, state="received", attempts=mail.attempts)
    if not mine.update(attempts=mail.attempts + 1, due_at=now + backoff):
        return True  # somebody else took it
    try:
        _take_in(mail, state=IncomingMail.State.KEPT, now=now)
    except DomainError as error:
        IncomingMail.objects.filter(pk=mail.pk).update(error=str(error.message))
    return True


def _take_in(mail: IncomingMail, *, state: IncomingMail.State, now: datetime) -> None:
    """See that it is there, and what it says of itself. Again, it comes to the same."""
    raw = inbox.get().read(mail.key)
    told = reading.shown(raw)
    with transaction.atomic():
        row = IncomingMail.objects.select_for_update().get(pk=mail.pk)
        is_new = row.state == IncomingMail.State.RECEIVED
        row.sender, row.subject = told.sender[:320], told.subject[:255]
        row.message_id, row.size = told.message_id[:250], len(raw)
        row.state, row.error = state, ""
        row.save()
        if is_new:
            fact = events.MailReceived(subject=events.subject_of(row.pk), size=len(raw))
            journal.record(fact, actor=SYSTEM, now=now)


def replay(*, mail: IncomingMail, actor: Actor, now: datetime) -> None:
    """Hand a mail to the intake again. Raises InboxAwayError, RawMissingError."""
    if not actor.can(Permission.MANAGE_DESK):
        raise ForbiddenError
    _take_in(mail, state=IncomingMail.State.REPLAYED, now=now)
    with transaction.atomic():
        row = IncomingMail.objects.select_for_update().get(pk=mail.pk)
        row.replayed_at = now
        row.save(update_fields=["replayed_at"])
        fact = events.MailReplayed(subject=events.subject_of(row.pk))
        journal.record(fact, actor=actor, now=now)


def forget(address: str) -> None:
    """Delete what somebody sent, as it came and what is noted of it."""
    kept = inbox.get()
    for mail in IncomingMail.objects.filter(envelope_from__iexact=address):
        _forget(mail, kept.store)
    for mail in IncomingMail.objects.filter(sender__icontains=address):
        _forget(mail, kept.store)


def _forget(mail: IncomingMail, store: str) -> None:
    if mail.store == store:
        inbox.get().erase(mail.key)
    mail.delete()
