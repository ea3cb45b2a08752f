"""Endpoints and what is sent to them. Nothing here waits for a stranger's server: tasks do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import require
from apps.accounts.models import Organisation
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.events.envelope import Envelope
from apps.events.facts import registered
from apps.events.jobs import nudge
from apps.kernel.actors import SYSTEM, Actor
from apps.kernel.text import one_line
from apps.tickets.events import id_in
from apps.tickets.models import Ticket
from apps.webhooks import addresses, events, notice, offers, reference, signing
from apps.webhooks.errors import SecretIsNewError, WebhookIsOffError, WebhookRefusedError
from apps.webhooks.models import (
    ContractUse,
    Endpoint,
    Turn,
    WebhookDelivery,
    WebhookDeliveryQuerySet,
)
from apps.webhooks.posting import Answer

OVERLAP = timedelta(hours=24)  # both secrets are good after a rotation
LEASE = timedelta(seconds=60)  # longer than one POST may take
TURN = timedelta(seconds=60)  # longer than a sender waits before it says that it is there
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=10)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=3)
LEAST_FAILURES = 10  # before an endpoint is switched off, however long it has been failing
_GONE = 410
_State = WebhookDelivery.State


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to send now. `until`: whose turn it is at the endpoint ends then."""

    delivery: WebhookDelivery
    endpoint: Endpoint
    until: datetime


@transaction.atomic
def save_endpoint(
    *,
    endpoint: Endpoint | None,
    name: str,
    url: str,
    facts: Collection[str],
    internal: bool,
    organisation: Organisation | None,
    actor: Actor,
    now: datetime,
) -> Endpoint:
    """Register an endpoint, or change one. Its first secret is `current_secret`."""
    require(actor, Permission.MANAGE_DESK)
    values = {
        "name": one_line(name) or "webhook",
        "url": _judged(url),
        "facts": _chosen(facts, internal=internal, organisation=organisation),
        "internal": internal,
        "organisation": organisation,
    }
    told = {
        "facts": tuple(values["facts"]),  # type: ignore[arg-type]
        "internal": internal,
        "organisation_id": organisation.pk if organisation else None,
    }
    fact: events.WebhookRegistered | events.WebhookChanged
    if endpoint is None:
        row = Endpoint.objects.create(created_at=now, **values)
        fact = events.WebhookRegistered(subject=events.subject_of(row.pk), **told)  # type: ignore[arg-type]
    else:
        row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        changed = tuple(sorted(key for key, value in values.items() if getattr(row, key) != value))
        if not changed:
            return row
        for key in changed:
            setattr(row, key, values[key])
        row.save(update_fields=changed)
        subject = events.subject_of(row.pk)
        fact = events.WebhookChanged(subject=subject, changed=changed, **told)  # type: ignore[arg-type]
    journal.record(fact, actor=actor, now=now)
    transaction.on_commit(reference.wanted.forget)
    return row


def _judged(url: str) -> str:
    try:
        addresses.read(url, trusted=settings.WEBHOOK_TRUSTED_HOSTS)
    except addresses.AddressRefusedError as error:
        raise WebhookRefusedError(
            _("Give an address that begins with https:// and that anybody may reach.")
        ) from error
    return url


def _chosen(
    facts: Collection[str], *, internal: bool, organisation: Organisation | None
) -> list[str]:
    known = set(registered()) if internal else set(offers.OFFERED)
    if not facts or not set(facts) <= known:
        raise WebhookRefusedError(_("Choose the facts that it hears of."))
    if internal and organisation is not None:
        raise WebhookRefusedError(_("What is for our own systems is for no organisation."))
    return sorted(set(facts))


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, actor: Actor, now: datetime) -> tuple[Endpoint, str]:
    """The endpoint and its new secret; the old one is good for a day. Raises SecretIsNewError."""
    require(actor, Permission.MANAGE_DESK)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if row.previous_until is not None and now < row.previous_until:
        raise SecretIsNewError
    row.generation += 1
    row.previous_until = now + OVERLAP
    row.save(update_fields=["generation", "previous_until"])
    fact = events.WebhookSecretRotated(
        subject=events.subject_of(row.pk), previous_until=row.previous_until.isoformat()
    )
    journal.record(fact, actor=actor, now=now)
    return row, current_secret(row)


def current_secret(endpoint: Endpoint) -> str:
    return signing.secret(settings.SECRET_KEY, ref=endpoint.ref, generation=endpoint.generation)


def secrets_of(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """All that are good now: while one is rotated, and while the desk's own key is."""
    generations = [endpoint.generation]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        generations.append(endpoint.generation - 1)
    return [
        signing.secret(key, ref=endpoint.ref, generation=generation)
        for generation in generations
        for key in map(str, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    ]


@transaction.atomic
def pause(*, endpoint: Endpoint, actor: Actor, now: datetime) -> Endpoint:
    """It hears of nothing until it is resumed, not even later of what happens meanwhile."""
    require(actor, Permission.MANAGE_DESK)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if row.state != Endpoint.State.ACTIVE:
        raise WebhookIsOffError
    row.state = Endpoint.State.PAUSED
    row.save(update_fields=["state"])
    fact = events.WebhookPaused(subject=events.subject_of(row.pk))
    journal.record(fact, actor=actor, now=now)
    transaction.on_commit(reference.wanted.forget)
    return row


@transaction.atomic
def resume(*, endpoint: Endpoint, actor: Actor, now: datetime) -> Endpoint:
    """On again, with a clean slate; what waited is sent."""
    require(actor, Permission.MANAGE_DESK)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if row.state == Endpoint.State.ACTIVE:
        return row
    row.state, row.failures = Endpoint.State.ACTIVE, 0
    row.failing_since = row.held_until = None
    row.save(update_fields=["state", "failures", "failing_since", "held_until"])
    fact = events.WebhookResumed(subject=events.subject_of(row.pk))
    journal.record(fact, actor=actor, now=now)
    nudge("apps.webhooks.tasks.send_due")
    transaction.on_commit(reference.wanted.forget)
    return row


@transaction.atomic
def queue(*, event: Envelope, now: datetime) -> None:
    """Note a fact for each endpoint that hears of it. Twice is once."""
    listening = [
        endpoint
        for endpoint in Endpoint.objects.active()
        if event.name in endpoint.facts and offers.is_told(event, internal=endpoint.internal)
    ]
    if any(endpoint.organisation_id for endpoint in listening):
        whose = _organisation_of(event)
        listening = [one for one in listening if one.organisation_id in {None, whose}]
    if listening:
        rows = [_row(one, event.name, event.subject, event.id, now=now) for one in listening]
        WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
        nudge("apps.webhooks.tasks.send_due")


def _organisation_of(event: Envelope) -> int:
    """Of the ticket that a fact is about; 0, which no organisation has, for anything else."""
    if not event.subject.startswith("ticket:"):
        return 0
    ticket = Ticket.objects.filter(pk=id_in(event.subject))
    return ticket.values_list("organisation_id", flat=True).first() or 0


def _row(
    endpoint: Endpoint, fact: str, subject: str, event_id: int | None, *, now: datetime
) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint=endpoint,
        event_id=event_id,
        fact=fact,
        subject=subject,
        created_at=now,
        since=now,
        due_at=now,
    )


@transaction.atomic
def ping(*, endpoint: Endpoint, actor: Actor, now: datetime) -> WebhookDelivery:
    """Send something harmless, to see whether it arrives."""
    require(actor, Permission.MANAGE_DESK)
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if row.state != Endpoint.State.ACTIVE:
        raise WebhookIsOffError
    row.held_until = None
    row.save(update_fields=["held_until"])
    delivery = _row(row, offers.PING, events.subject_of(row.pk), None, now=now)
    delivery.save(force_insert=True)
    nudge("apps.webhooks.tasks.send_due")
    return delivery


@transaction.atomic
def send_again(*, delivery_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Those that are done, one way or the other. Returns how many; a receiver knows them by id."""
    require(actor, Permission.MANAGE_DESK)
    chosen = WebhookDelivery.objects.filter(pk__in=delivery_ids).exclude(state=_State.WAITING)
    count = chosen.update(state=_State.WAITING, since=now, due_at=now, done_at=None, attempts=0)
    if count:
        nudge("apps.webhooks.tasks.send_due")
    return count


def take_turn(*, now: datetime, mine: datetime | None = None) -> datetime | None:
    """Be the one that sends, or stay it: until when. None while another process is."""
    turn, _ = Turn.objects.get_or_create(pk=1)
    free = Q(until=None) | Q(until__lte=now) | Q(until=mine)
    until = now + TURN
    return until if Turn.objects.filter(free, pk=turn.pk).update(until=until) else None


def end_turn(*, mine: datetime, now: datetime) -> None:
    """Let others send. What came while they found us at it has nobody else to look for it."""
    Turn.objects.filter(until=mine).update(until=None)
    if Endpoint.objects.ready(now=now).exists():
        nudge("apps.webhooks.tasks.send_due")


def claim(*, now: datetime) -> Claimed | None:
    """The next delivery to send; None if there is none.

    An endpoint gets one at a time, oldest first. One that fails lets the later ones go on after a
    rest that grows with the endpoint's failures, and comes again itself when its own time is over.
    """
    until = now + LEASE
    for endpoint in Endpoint.objects.ready(now=now)[:20]:
        mine = Endpoint.objects.active().filter(pk=endpoint.pk, held_until=endpoint.held_until)
        if not mine.update(held_until=until):
            continue
        delivery = WebhookDelivery.objects.due(now=now).filter(endpoint=endpoint).first()
        if delivery is None:
            _release(Claimed(WebhookDelivery(), endpoint, until))
            continue
        delivery.attempts += 1
        WebhookDelivery.objects.filter(pk=delivery.pk).update(attempts=delivery.attempts)
        return Claimed(delivery, endpoint, until)
    return None


def _release(claimed: Claimed, *, until: datetime | None = None) -> None:
    held = Endpoint.objects.filter(pk=claimed.endpoint.pk, held_until=claimed.until)
    held.update(held_until=until)


@transaction.atomic
def mark_answered(*, claimed: Claimed, answer: Answer, took_ms: int, now: datetime) -> None:
    """Whatever begins with 2 is a yes; 410 switches the endpoint off at once."""
    told = {"status": answer.status, "excerpt": answer.excerpt, "took_ms": took_ms}
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own
        _mark_failed(claimed, f"answered {answer.status}", now, told)
        return
    if _mine(claimed).update(state=_State.SENT, done_at=now, error="", **told):
        _note_use(claimed, now=now)
    if claimed.endpoint.failures:
        Endpoint.objects.filter(pk=claimed.endpoint.pk).update(failures=0, failing_since=None)
    _release(claimed, until=now)  # the last in the row: EndpointQuerySet.ready()


def _note_use(claimed: Claimed, *, now: datetime) -> None:
    """One sender at a time holds an endpoint: nobody else counts this row."""
    fact = registered().get(claimed.delivery.fact)
    if fact is None or claimed.delivery.event_id is None:
        return  # a ping, or what only another release knows
    use, _is_new = ContractUse.objects.get_or_create(
        endpoint=claimed.endpoint,
        fact=fact.name,
        version=fact.version,
        day=now.astimezone(UTC).date(),
    )
    ContractUse.objects.filter(pk=use.pk).update(times=F("times") + 1)


@transaction.atomic
def mark_failed(*, claimed: Claimed, error: str, now: datetime) -> None:
    _mark_failed(claimed, error, now, {"status": None, "excerpt": "", "took_ms": None})


def _mine(claimed: Claimed) -> WebhookDeliveryQuerySet:
    delivery = claimed.delivery
    return WebhookDelivery.objects.waiting().filter(pk=delivery.pk, attempts=delivery.attempts)


def _mark_failed(claimed: Claimed, error: str, now: datetime, told: dict[str, object]) -> None:
    delivery = claimed.delivery
    is_over = delivery.event_id is None or now - delivery.since >= GIVE_UP_AFTER
    again = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 20), LONGEST_RETRY)
    changes = {"state": _State.FAILED, "done_at": now} if is_over else {"due_at": now + again}
    if not _mine(claimed).update(error=error[:500], **told, **changes):
        return  # its time was over, and somebody else has sent it
    row = Endpoint.objects.select_for_update().get(pk=claimed.endpoint.pk)
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.save(update_fields=["failures", "failing_since"])
    rest = min(FIRST_REST * 2 ** min(row.failures - 1, 20), LONGEST_REST)
    _release(claimed, until=now + rest)
    lasted = now - row.failing_since >= timedelta(days=settings.WEBHOOK_DISABLE_AFTER_DAYS)
    if told["status"] == _GONE or (lasted and row.failures >= LEAST_FAILURES):
        _disable(row, why=error, now=now)


def _disable(endpoint: Endpoint, *, why: str, now: datetime) -> None:
    """Switch it off, and say so to administrators and to those whose it is."""
    if endpoint.state != Endpoint.State.ACTIVE:
        return
    endpoint.state = Endpoint.State.DISABLED
    endpoint.save(update_fields=["state"])
    fact = events.WebhookDisabled(
        subject=events.subject_of(endpoint.pk), failures=endpoint.failures, why=why[:200]
    )
    event = journal.record(fact, actor=SYSTEM, now=now)
    notice.tell(endpoint, why=why, event_id=event.id, now=now)
    transaction.on_commit(reference.wanted.forget)


def give_up_old(*, now: datetime) -> int:
    """What waited longer than anything is tried for: its endpoint rests, or is off."""
    return (
        WebhookDelivery.objects.waiting()
        .filter(since__lt=now - GIVE_UP_AFTER)
        .update(state=_State.FAILED, done_at=now)
    )


def prune_uses(*, before: date) -> None:
    ContractUse.objects.filter(day__lt=before).delete()


def prune(*, before: datetime) -> None:
    """Forget deliveries that were done before a moment."""
    WebhookDelivery.objects.filter(done_at__lt=before).delete()
