"""Keeps what came in. Reading it into tickets is the intake's, which finds each mail here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.permissions import Permission
from apps.events import journal
from apps.events.jobs import nudge
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.errors import ForbiddenError
from apps.mail import events, reading
from apps.mail.addresses import address_in
from apps.mail.inbox import InboxAwayError, KeptElsewhereError, Raw, RawMissingError, inbox
from apps.mail.models import IncomingMail, IncomingMailQuerySet
from apps.mail.notices import arrival_in

MAX_BACKOFF = timedelta(hours=1)
ERASE = "apps.mail.tasks.erase_forgotten"
A_BATCH = 500  # mails that are looked up at once
# In a night: so many are deleted in half an hour, and who asks to be forgotten waits no longer.
MOST_PRUNED = 20_000
# What is noted of a mail, and is gone before the mail itself is.
_NOTHING: dict[str, Any] = {
    "error": "",
    "carried_as": "",
    "envelope_from": "",
    "envelope_to": [],
    "notice": {},
    "sender": "",
    "address": "",
    "subject": "",
    "message_id": "",
}


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
    late = late.exclude(state=IncomingMail.State.ERASING)
    late.update(**told)


def enter_unannounced(*, now: datetime) -> int:
    """Note the mails that are kept and that nobody told us of. Returns how many."""
    kept = inbox.get()
    rows = IncomingMail.objects.filter(store=kept.store, state=IncomingMail.State.ERASING)
    # Asked before anything is looked at: such a mail may be seen, and be gone with its row by the
    # time that rows are asked for. It would be entered as a new one that is missing.
    going = set(rows.values_list("key", flat=True))
    entered, batch = 0, list[Raw]()
    for raw in kept.walk():
        if raw.key in going:
            continue
        batch.append(raw)
        if len(batch) == A_BATCH:
            entered += _enter(kept.store, batch, now=now)
            batch = []
    return entered + _enter(kept.store, batch, now=now)


def _enter(store: str, batch: list[Raw], *, now: datetime) -> int:
    keys = [raw.key for raw in batch]
    known = IncomingMail.objects.filter(store=store, key__in=keys)
    known.filter(state="missing").update(state="received", due_at=now)  # it was put back
    there = set(known.values_list("key", flat=True))
    new = [
        IncomingMail(store=store, key=raw.key, received_at=raw.at, size=raw.size, due_at=now)
        for raw in batch
        if raw.key not in there
    ]
    IncomingMail.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def take_next(*, now: datetime) -> bool:
    """Read one mail that waits. False: none is due, or the store is away and none can be read.

    A silent store takes half a minute to give up on, for each mail that it is asked for.
    """
    mail = IncomingMail.objects.waiting(now=now).filter(store=inbox.get().store).first()
    if mail is None:
        return False
    backoff = _backoff(mail.attempts)
    mine = IncomingMail.objects.filter(pk=mail.pk, state="received", attempts=mail.attempts)
    if not mine.update(attempts=mail.attempts + 1, due_at=now + backoff):
        return True  # somebody else took it
    mine_still = IncomingMail.objects.filter(pk=mail.pk, state="received")
    try:
        _take_in(mail, state=IncomingMail.State.KEPT, now=now)
    except RawMissingError as error:
        # S3 shows at once what it took: what isn't there is gone. Whoever puts it back has it read,
        # by hand or by the nightly look (enter_unannounced).
        mine_still.update(state=IncomingMail.State.MISSING, error=str(error))
    except InboxAwayError as error:
        mine_still.update(error=str(error))
        return False
    return True


def raw_of(mail: IncomingMail) -> bytes:
    """The mail as it came. Raises InboxAwayError, RawMissingError, KeptElsewhereError."""
    kept = inbox.get()
    if mail.store != kept.store:
        raise KeptElsewhereError
    return kept.read(mail.key)


def _take_in(mail: IncomingMail, *, state: IncomingMail.State, now: datetime) -> None:
    """See that it is there, and what it says of itself. Again, it comes to the same."""
    raw = raw_of(mail)
    told = reading.head(raw)
    with transaction.atomic():
        row = _locked(mail)
        is_new = row.state in {IncomingMail.State.RECEIVED, IncomingMail.State.MISSING}
        row.sender, row.subject = told.sender[:320], told.subject[:255]
        row.address = address_in(told.sender)[:320]
        row.message_id, row.size = told.message_id[:250], len(raw)
        row.state, row.error = state, ""
        row.save()
        if is_new:
            fact = events.MailReceived(subject=events.subject_of(row.pk), size=len(raw))
            journal.record(fact, actor=SYSTEM, now=now)


def _locked(mail: IncomingMail) -> IncomingMail:
    """Raises RawMissingError if it was forgotten meanwhile."""
    rows = IncomingMail.objects.exclude(state=IncomingMail.State.ERASING)
    row = rows.select_for_update().filter(pk=mail.pk).first()
    if row is None:
        raise RawMissingError
    return row


def _backoff(attempts: int) -> timedelta:
    """A minute, doubling to an hour. Doubled without end it is more than a timedelta holds."""
    doubled: int = 2 ** min(attempts, 6)
    return min(timedelta(minutes=doubled), MAX_BACKOFF)


def replay(*, mail: IncomingMail, actor: Actor, now: datetime) -> None:
    """Hand a mail to the intake again. Raises what raw_of does."""
    if not actor.can(Permission.MANAGE_DESK):
        raise ForbiddenError
    _take_in(mail, state=IncomingMail.State.REPLAYED, now=now)
    with transaction.atomic():
        row = _locked(mail)
        row.replayed_at = now
        row.save(update_fields=["replayed_at"])
        fact = events.MailReplayed(subject=events.subject_of(row.pk))
        journal.record(fact, actor=actor, now=now)


def sent_by(address: str) -> IncomingMailQuerySet:
    """What somebody sent: the same for telling it to them and for forgetting it."""
    # Releases that don't know the column write beside this one while it is being rolled out.
    lacking = IncomingMail.objects.filter(address="", sender__contains="@")
    for pk, sender in lacking.values_list("pk", "sender").iterator():
        found = address_in(sender)[:320]
        if found:
            IncomingMail.objects.filter(pk=pk, address="").update(address=found)
    return IncomingMail.objects.sent_by(address)


@transaction.atomic
def forget(address: str, *, now: datetime) -> None:
    """Forget what somebody sent: all that is noted of it, and soon the mail as it came.

    What is kept outside the database goes once this is committed (erase_next): no rollback could
    bring it back. Until then a row names it, so that a crash in between loses no trace of it.
    """
    if _erase(sent_by(address), now=now):
        nudge(ERASE)


def prune(*, before: datetime, now: datetime) -> int:
    """Forget mail that came before a moment and was read. Returns how many.

    Only of the store that the desk has now: what another one keeps could not be deleted there. The
    mail itself goes as a forgotten one's does, batch by batch as each is committed.
    """
    old = IncomingMail.objects.outlived(before=before).filter(store=inbox.get().store)
    chosen = list(old.values_list("pk", flat=True)[:MOST_PRUNED])
    pruned = 0
    for first in range(0, len(chosen), A_BATCH):
        with transaction.atomic():
            # Once more by what makes it old: it may be read again just now.
            batch = old.filter(pk__in=chosen[first : first + A_BATCH]).order_by()
            pruned += _erase(batch, now=now)
    if pruned:
        nudge(ERASE)
    return pruned


def _erase(mails: IncomingMailQuerySet, *, now: datetime) -> int:
    return mails.update(state=IncomingMail.State.ERASING, due_at=now, attempts=0, **_NOTHING)


def erase_next(*, now: datetime) -> bool:
    """Delete one forgotten or old mail where it is kept, then its row.

    False: it makes no sense to go on. Twice is once: a mail that is gone is no error.
    """
    kept = inbox.get()
    mail = IncomingMail.objects.erasable(now=now).filter(store=kept.store).first()
    if mail is None:
        return False
    try:
        with suppress(RawMissingError):
            kept.erase(mail.key)
    except InboxAwayError as error:
        due_at = now + _backoff(mail.attempts)
        IncomingMail.objects.filter(pk=mail.pk).update(
            attempts=mail.attempts + 1, due_at=due_at, error=str(error)
        )
        return False
    mail.delete()
    return True
