"""Notes who is to hear of what, makes mails of the notes, and keeps how they fared."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Min, Q
from django.utils.html import escape
from django.utils.translation import gettext_noop as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.events.jobs import nudge
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.counting import count
from apps.kernel.errors import ForbiddenError
from apps.kernel.text import number_in
from apps.notifications import compose, events, standing
from apps.notifications.addresses import is_blocked
from apps.notifications.audience import Notice
from apps.notifications.feedback import Heard, heard_in
from apps.notifications.kinds import Kind
from apps.notifications.models import (
    Notification,
    OutgoingMail,
    OutgoingMailQuerySet,
    Preference,
    Recipient,
    Report,
)
from apps.notifications.outbox import outbox
from apps.tickets import actions as tickets
from apps.tickets.models import Message, Ticket

logger = logging.getLogger(__name__)

LEASES = 5  # a mail server may be slow several times over: greeting, envelope, text
MAX_ATTEMPTS = 12  # with the backoff below: about a day
MAX_BACKOFF = timedelta(hours=4)
MAX_WAIT = timedelta(minutes=30)  # for a carrier that is too busy
MAX_DELAY = 900  # seconds that a broker keeps a job back

_NO_ADDRESS = _("This is not an e-mail address.")
_BLOCKED = _("Mail to this address came back, or was marked as spam. No more is sent to it.")
_CAME_BACK = _("The mail came back.")
_REFUSED = _("The mail service would not send it.")
_SPAM = _("The mail was marked as spam.")
_DIED = _("Its sender died again and again.")


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
            is_lost = told.state == OutgoingMail.State.FAILED
            tickets.mark_delivery(
                message_id=mail.message_id,
                delivery=Message.Delivery.FAILED if is_lost else Message.Delivery.QUEUED,
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
    insists: bool = False,
) -> OutgoingMail:
    """Keep a mail for sending. The same key is one mail; a bad address fails here, not later.

    One that `insists` was asked for by its reader: it goes where mail came back before, too.
    """
    state, error = OutgoingMail.State.QUEUED, _trouble_with(to, insists=insists)
    if error:
        state = OutgoingMail.State.FAILED
    row = OutgoingMail(
        key=key,
        to=to[:254],
        subject=" ".join(subject.split())[:255],
        text=text,
        html=html,
        headers=dict(headers or {}),
        message_id=message_id,
        insists=insists,
        state=state,
        error=error,
        due_at=now,
        created_at=now,
    )
    OutgoingMail.objects.bulk_create([row], ignore_conflicts=True)
    nudge("apps.notifications.tasks.send_due")
    return OutgoingMail.objects.get(key=key)


def _trouble_with(to: str, *, insists: bool) -> str:
    try:
        validate_email(to)
    except ValidationError:
        return _NO_ADDRESS
    return _BLOCKED if not insists and is_blocked(to) else ""


def claim_mail(*, now: datetime) -> OutgoingMail | None:
    """The next mail that is due, ours for the lease; None if there is none."""
    lease = timedelta(seconds=LEASES * settings.JOB_LEASE_SECONDS)
    while mail := OutgoingMail.objects.due(now=now).first():
        mine = OutgoingMail.objects.filter(pk=mail.pk, state="queued", claims=mail.claims)
        if mail.claims - mail.waits > MAX_ATTEMPTS:  # nobody lived to say how it went
            mine.update(state="failed", error=_DIED)
        elif mine.update(claims=mail.claims + 1, due_at=now + lease):
            mail.claims += 1
            if mail.insists or not is_blocked(mail.to):
                return mail
            mark_refused(mail=mail, error=_BLOCKED, now=now)
    return None


@transaction.atomic
def mark_sent(*, mail: OutgoingMail, carried_as: str = "", now: datetime) -> None:
    """`carried_as` is the carrier's name for it. What became of it may have been told already."""
    sent = OutgoingMail.objects.filter(pk=mail.pk)
    sent.update(state="sent", sent_at=now, carried_as=carried_as)
    sent.filter(outcome="").update(error="")
    if mail.message_id is not None:
        troubled = OutgoingMail.objects.filter(message=mail.message_id).troubled()
        tickets.mark_delivery(
            message_id=mail.message_id,
            delivery=Message.Delivery.SENT,
            is_mended=not troubled.exists(),
            actor=SYSTEM,
            now=now,
        )


@transaction.atomic
def mark_unsent(*, mail: OutgoingMail, error: str, now: datetime) -> None:
    """Try again later, or give up and say so on the ticket."""
    attempts = mail.claims - mail.waits
    if attempts >= MAX_ATTEMPTS:
        mark_refused(mail=mail, error=error, now=now)
        return
    backoff = min(timedelta(minutes=1) * 2 ** (attempts - 1), MAX_BACKOFF)
    _held_by(mail).update(due_at=now + backoff, error=error)


@transaction.atomic
def mark_refused(*, mail: OutgoingMail, error: str, now: datetime) -> None:
    """Give up, and say so on the ticket."""
    if not _held_by(mail).update(state="failed", error=error):
        return
    transaction.on_commit(partial(count, "MailsGivenUp"))
    if mail.message_id is not None:
        failed = Message.Delivery.FAILED
        tickets.mark_delivery(message_id=mail.message_id, delivery=failed, actor=SYSTEM, now=now)


def put_off(*, mail: OutgoingMail, error: str, seconds: int, now: datetime) -> None:
    """Its carrier is too busy: nothing is counted against the mail, and it is soon tried again."""
    wait = min(timedelta(seconds=seconds) * 2 ** min(mail.waits, 10), MAX_WAIT)
    _held_by(mail).update(due_at=now + wait, error=error, waits=mail.waits + 1)
    nudge("apps.notifications.tasks.send_due", after=min(int(wait.total_seconds()), MAX_DELAY))


def _held_by(mail: OutgoingMail) -> OutgoingMailQuerySet:
    """The row, as long as nobody else has claimed it."""
    return OutgoingMail.objects.filter(pk=mail.pk, state="queued", claims=mail.claims)


def retry_mail(*, mail_ids: Sequence[int], now: datetime) -> int:
    """Send given-up mails, and those that came back, after all. Returns how many there were."""
    failed = OutgoingMail.objects.filter(pk__in=mail_ids).troubled()
    count = failed.update(state="queued", outcome="", claims=0, waits=0, due_at=now, error="")
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
        outbox.get().discard(mail.identity)
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
    outbox.get().prune(before=before)
    OutgoingMail.objects.filter(state="sent", sent_at__lt=before).delete()
    OutgoingMail.objects.filter(state="failed", created_at__lt=before).delete()


def prune_notes(*, before: datetime) -> None:
    """Forget what the notifications page told before a moment, read or not."""
    Notification.objects.filter(settled_at__lt=before).delete()


def forget_person(user: User) -> None:
    """Delete the copies of mail to a person and about them, and what was still to be told them."""
    outbox.get().forget(user.email)
    Recipient.objects.filter(address=user.email).delete()
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


def handle_feedback(notice: Mapping[str, Any], *, now: datetime) -> None:
    """Take in what SES tells of mails. Twice, or in another order, comes to the same.

    Raises feedback.UnreadableError for what is no such notice.
    """
    for heard in heard_in(notice):
        _take_in(heard, now=now)


@transaction.atomic
def _take_in(heard: Heard, *, now: datetime) -> None:
    recipient = _known(heard.address)
    if heard.kind == standing.Kind.DELIVERED:
        recipient.delivered_at = max(recipient.delivered_at or heard.at, heard.at)
    elif heard.kind in standing.KEPT:
        told = Report(
            recipient=recipient,
            carried_as=heard.carried_as,
            kind=heard.kind,
            happened_at=heard.at,
            detail=heard.detail,
        )
        Report.objects.bulk_create([told], ignore_conflicts=True)
    _judge(recipient, why="reported", actor=SYSTEM, now=now)
    _note_outcome(heard, now=now)


def _known(address: str) -> Recipient:
    """The address, locked: its lock comes before a mail's, and that before a ticket's."""
    Recipient.objects.bulk_create([Recipient(address=address)], ignore_conflicts=True)
    return Recipient.objects.select_for_update().get(address=address)


def _judge(recipient: Recipient, *, why: str, actor: Actor, now: datetime) -> None:
    """Say anew whether mail goes to an address, from all that was told of it."""
    was_blocked = recipient.is_blocked
    told = [
        standing.Told(report.happened_at, standing.Kind(report.kind), report.detail)
        for report in Report.objects.filter(recipient=recipient)
    ]
    found = standing.standing(
        told, delivered_at=recipient.delivered_at, cleared_at=recipient.cleared_at
    )
    recipient.state, recipient.reason = found.state, found.reason
    recipient.since, recipient.soft_bounces = found.since, found.soft_bounces
    recipient.save()
    subject = events.subject_of(recipient.pk)
    if recipient.is_blocked and not was_blocked:
        fact = events.RecipientSuppressed(subject=subject, state=found.state)
        journal.record(fact, actor=actor, now=now)
    elif was_blocked and not recipient.is_blocked:
        journal.record(events.RecipientCleared(subject=subject, why=why), actor=actor, now=now)


def _note_outcome(heard: Heard, *, now: datetime) -> None:
    mail = _mail_of(heard)
    after = standing.outcome(mail.outcome, heard.kind) if mail is not None else ""
    if mail is None or mail.outcome == after:
        return
    mail.outcome = after
    if after in _SAID_OF:
        mail.error = "\n".join(filter(None, (_SAID_OF[after], heard.detail)))
    mail.save(update_fields=["outcome", "error"])
    if mail.message_id is None:
        return
    if after == OutgoingMail.Outcome.DELIVERED:
        tickets.note_delivered(message_id=mail.message_id, actor=SYSTEM, now=now)
    elif after in _DELIVERY_OF:
        delivery = _DELIVERY_OF[after]
        tickets.mark_delivery(message_id=mail.message_id, delivery=delivery, actor=SYSTEM, now=now)


_SAID_OF = {"bounced": _CAME_BACK, "refused": _REFUSED, "complained": _SPAM}
_DELIVERY_OF = {"bounced": Message.Delivery.BOUNCED, "refused": Message.Delivery.FAILED}


def _mail_of(heard: Heard) -> OutgoingMail | None:
    """The mail by its carrier's name; by our label if we were not told that name yet.

    One that is to be sent again is not found by what was told of it the last time.
    """
    known = OutgoingMail.objects.select_for_update().filter(to__iexact=heard.address)
    sent = known.filter(carried_as=heard.carried_as, state="sent").first()
    if sent is not None:
        return sent
    return known.filter(pk=number_in(heard.label), carried_as="").first()


@transaction.atomic
def clear_address(*, address: str, actor: Actor, now: datetime) -> None:
    """Mail to an address again: somebody of the staff says so, or its owner has proved it."""
    if not actor.can(Permission.WORK_TICKETS):
        raise ForbiddenError
    known = Recipient.objects.select_for_update().filter(address=address.lower()).first()
    if known is None or known.state == Recipient.State.OK:
        return
    known.cleared_at = now
    _judge(known, why="verified" if actor.is_system else "staff", actor=actor, now=now)


def prune_reports(*, before: datetime) -> None:
    """Forget what no longer says anything of an address: what came back for now, long ago."""
    soft = Report.objects.filter(kind=standing.Kind.SOFT, happened_at__lt=before)
    soft.exclude(recipient__state__in=Recipient.BLOCKED).delete()
    fine = Recipient.objects.filter(state=Recipient.State.OK, delivered_at__lt=before)
    fine.filter(reports=None).delete()
