"""Notes who is to hear of what, makes mails of the notes, and keeps how they fared."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Min, Q
from django.utils.html import escape

from apps.accounts.models import User
from apps.events.jobs import nudge
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.errors import ForbiddenError
from apps.notifications import compose, folder
from apps.notifications.audience import Notice
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification, OutgoingMail, Preference
from apps.tickets import actions as tickets
from apps.tickets.models import Message, Ticket

logger = logging.getLogger(__name__)

LEASES = 5  # a mail server may be slow several times over: greeting, envelope, text
MAX_ATTEMPTS = 12  # with the backoff below: about a day
MAX_BACKOFF = timedelta(hours=4)


@transaction.atomic
def notify(
    *,
    ticket: Ticket,
    event_id: int,
    notices: Sequence[Notice],
    message_id: int | None,
    now: datetime,
) -> None:
    """Note the notices; what a person waits for about the same ticket goes into the same mail."""
    if not notices:
        return
    due = now + timedelta(seconds=settings.NOTIFY_AFTER_SECONDS)
    Notification.objects.bulk_create(
        [
            Notification(
                event_id=event_id,
                ticket=ticket,
                recipient_id=notice.user,
                address=notice.address,
                kind=notice.kind,
                reason=notice.reason,
                message_id=message_id,
                created_at=now,
                due_at=due,
                # A receipt is mailed, and is no news on the desk's own pages.
                read_at=now if notice.kind == Kind.RECEIVED else None,
            )
            for notice in notices
        ],
        ignore_conflicts=True,
    )
    nudge("apps.notifications.tasks.compose_due", after=settings.NOTIFY_AFTER_SECONDS)


def compose_next(*, now: datetime) -> bool:
    """Make one mail of everything that one person waits for about one ticket. False: none due."""
    due = (
        Notification.objects.filter(settled_at=None)
        .values("ticket_id", "recipient_id", "address")
        .annotate(first=Min("due_at"))
        .filter(first__lte=now)
        .order_by("first")
        .first()
    )
    if due is None:
        return False
    about = due["ticket_id"], due["recipient_id"], due["address"]
    try:
        _compose(*about, now)
    except Exception:
        # One that can't be composed must not stand before all others.
        logger.exception("no mail could be made", extra={"ticket": due["ticket_id"]})
        _put_off(*about, now)
    return True


def _put_off(ticket_id: int, recipient_id: int | None, address: str, now: datetime) -> None:
    """Try again when as much time has passed again as since it was noted, a day at most."""
    notes = Notification.objects.filter(
        ticket=ticket_id, recipient=recipient_id, address=address, settled_at=None
    )
    oldest = notes.aggregate(oldest=Min("created_at"))["oldest"] or now
    age = max(now - oldest, timedelta(minutes=1))
    notes.update(due_at=now + min(age, timedelta(days=1)))


@transaction.atomic
def _compose(ticket_id: int, recipient_id: int | None, address: str, now: datetime) -> None:
    # The ticket's lock keeps two composers from mailing the same notes twice.
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    notes = list(
        Notification.objects.filter(
            ticket=ticket, recipient=recipient_id, address=address, settled_at=None
        )
        .select_related("message__author")
        .order_by("event_id")
    )
    if not notes:
        return
    recipient = User.objects.filter(pk=recipient_id).first() if recipient_id else None
    wanted = compose.wanted(notes, recipient, ticket, now=now)
    told: OutgoingMail | None = None
    if wanted:
        mail = compose.mail(ticket, recipient, address, wanted)
        told = queue_mail(
            key=f"notification:{notes[0].pk}:{notes[0].retellings}",
            to=mail.to,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            headers=mail.headers,
            message_id=mail.message_id,
            now=now,
        )
        if mail.message_id is not None:
            tickets.mark_delivery(
                message_id=mail.message_id,
                delivery=Message.Delivery.QUEUED,
                actor=SYSTEM,
                now=now,
            )
    Notification.objects.filter(pk__in=[note.pk for note in notes]).update(
        settled_at=now, mail=told
    )


def queue_mail(
    *,
    key: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
    message_id: int | None = None,
) -> OutgoingMail:
    """Keep a mail for sending. The same key is one mail; a bad address fails here, not later."""
    state, error = OutgoingMail.State.QUEUED, ""
    try:
        validate_email(to)
    except ValidationError:
        state, error = OutgoingMail.State.FAILED, "This is not an e-mail address."
    row = OutgoingMail(
        key=key,
        to=to[:254],
        subject=" ".join(subject.split())[:255],
        text=text,
        html=html,
        headers=dict(headers or {}),
        message_id=message_id,
        state=state,
        error=error,
        due_at=now,
        created_at=now,
    )
    OutgoingMail.objects.bulk_create([row], ignore_conflicts=True)
    nudge("apps.notifications.tasks.send_due")
    return OutgoingMail.objects.get(key=key)


def claim_mail(*, now: datetime) -> OutgoingMail | None:
    """The next mail that is due, ours for the lease; None if there is none."""
    lease = timedelta(seconds=LEASES * settings.JOB_LEASE_SECONDS)
    while mail := OutgoingMail.objects.due(now=now).first():
        mine = OutgoingMail.objects.filter(pk=mail.pk, state="queued", claims=mail.claims)
        if mail.claims > MAX_ATTEMPTS:  # nobody lived to say how it went
            mine.update(state="failed", error="Its sender died again and again.")
        elif mine.update(claims=mail.claims + 1, due_at=now + lease):
            mail.claims += 1
            return mail
    return None


@transaction.atomic
def mark_sent(*, mail: OutgoingMail, now: datetime) -> None:
    OutgoingMail.objects.filter(pk=mail.pk).update(state="sent", sent_at=now, error="")
    if mail.message_id is not None:
        failed = OutgoingMail.objects.filter(message=mail.message_id, state="failed")
        tickets.mark_delivery(
            message_id=mail.message_id,
            delivery=Message.Delivery.SENT,
            is_mended=not failed.exists(),
            actor=SYSTEM,
            now=now,
        )


@transaction.atomic
def mark_unsent(*, mail: OutgoingMail, error: str, now: datetime) -> None:
    """Try again later, or give up and say so on the ticket."""
    mine = OutgoingMail.objects.filter(pk=mail.pk, state="queued", claims=mail.claims)
    if mail.claims < MAX_ATTEMPTS:
        backoff = min(timedelta(minutes=1) * 2 ** (mail.claims - 1), MAX_BACKOFF)
        mine.update(due_at=now + backoff, error=error)
        return
    mine.update(state="failed", error=error)
    if mail.message_id is not None:
        failed = Message.Delivery.FAILED
        tickets.mark_delivery(message_id=mail.message_id, delivery=failed, actor=SYSTEM, now=now)


def retry_mail(*, mail_ids: Sequence[int], now: datetime) -> int:
    """Send given-up mails after all. Returns how many there were."""
    failed = OutgoingMail.objects.filter(pk__in=mail_ids, state="failed")
    count = failed.update(state="queued", claims=0, due_at=now, error="")
    if count:
        nudge("apps.notifications.tasks.send_due")
    return count


@transaction.atomic
def prefer(*, user: User, choices: Mapping[Kind, bool], actor: Actor) -> None:
    """Keep which kinds a person wants by mail; only they say."""
    if not actor.is_system and actor.id != user.pk:
        raise ForbiddenError
    Preference.objects.bulk_create(
        [Preference(user=user, kind=kind, mail=mail) for kind, mail in choices.items()],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["mail"],
    )


def unsubscribe(*, user: User) -> None:
    """No more mail about tickets. Whoever has the signed link of a mail may say so."""
    prefer(user=user, choices=dict.fromkeys(Kind, False), actor=SYSTEM)


@transaction.atomic
def forget_words(*, message_id: int, now: datetime) -> None:
    """A message was redacted: what waits is told anew, what was mailed keeps no copy of it."""
    told = OutgoingMail.objects.filter(
        pk__in=Notification.objects.filter(message=message_id).values("mail")
    )
    for mail in told.select_for_update().order_by("pk"):
        folder.discard(mail.identity)
        if mail.state == OutgoingMail.State.QUEUED:
            Notification.objects.filter(mail=mail).update(
                settled_at=None, mail=None, due_at=now, retellings=F("retellings") + 1
            )
            mail.delete()
            nudge("apps.notifications.tasks.compose_due")
        else:
            mail.text, mail.html = _FORGOTTEN, ""
            mail.save(update_fields=["text", "html"])


_FORGOTTEN = "This mail held words that were redacted since."


def mark_read(
    *, actor: Actor, now: datetime, ticket_id: int | None = None, until: int | None = None
) -> int:
    """Note that the actor has seen what concerns them: about one ticket, or all up to a note."""
    mine = Notification.objects.unread().filter(recipient__isnull=False, recipient=actor.id)
    if ticket_id is not None:
        mine = mine.filter(ticket=ticket_id)
    if until is not None:
        mine = mine.filter(pk__lte=until)
    return mine.update(read_at=now)


def prune_mail(*, before: datetime) -> None:
    """Forget mails that left, or never will, before a moment: they hold people's words."""
    folder.prune(before=before)
    OutgoingMail.objects.filter(state="sent", sent_at__lt=before).delete()
    OutgoingMail.objects.filter(state="failed", created_at__lt=before).delete()


def prune_notes(*, before: datetime) -> None:
    """Forget what the notifications page told before a moment, read or not."""
    Notification.objects.filter(settled_at__lt=before).delete()


def forget_person(user: User) -> None:
    """Delete the copies of mail to a person and about them, and what was still to be told them."""
    folder.forget(user.email)
    OutgoingMail.objects.filter(to=user.email).delete()
    Notification.objects.filter(Q(recipient=user) | Q(address=user.email)).delete()
    Preference.objects.filter(user=user).delete()
    _take_out_of_mail(user)


def _take_out_of_mail(user: User) -> None:
    """Mail to others says who wrote: by name, or by the address of those who gave none."""
    names = {user.name, user.get_short_name(), user.email} - {""}
    spelt = names | {escape(name) for name in names}
    longest_first = sorted(map(re.escape, spelt), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)({'|'.join(longest_first)})(?!\w)", re.IGNORECASE)
    named = Q()
    for name in spelt:
        named |= Q(subject__icontains=name) | Q(text__icontains=name) | Q(html__icontains=name)
    for mail in OutgoingMail.objects.filter(named).iterator():
        for part in ("subject", "text", "html"):
            setattr(mail, part, pattern.sub("…", getattr(mail, part)))
        mail.save(update_fields=["subject", "text", "html"])
