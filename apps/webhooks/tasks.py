"""Sends what is due. Rows are the truth: the task may run any number of times at once."""

from __future__ import annotations

import json
import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.events import journal
from apps.events.jobs import chore, nudge, spell
from apps.webhooks import actions, offers, signing
from apps.webhooks.actions import Claimed
from apps.webhooks.posting import PostError, post

KEEP = timedelta(days=14)
KEEP_USES = timedelta(days=100)
AGENT = "Tendril-Webhooks/1"


@chore
def send_due() -> None:
    for _ in spell():
        claimed = actions.claim(now=timezone.now())
        if claimed is None:
            return
        _send(claimed)
    nudge("apps.webhooks.tasks.send_due")


@chore
def prune() -> None:
    now = timezone.now()
    actions.give_up_old(now=now)
    actions.prune(before=now - KEEP)
    actions.prune_uses(before=(now - KEEP_USES).date())


def _send(claimed: Claimed) -> None:
    began = time.monotonic()
    try:
        answer = post(
            claimed.endpoint.url,
            body := body_of(claimed),
            headers_of(claimed, body, at=int(timezone.now().timestamp())),
            trusted=settings.WEBHOOK_TRUSTED_HOSTS,
        )
    except (PostError, LookupError) as error:
        actions.mark_failed(claimed=claimed, error=str(error), now=timezone.now())
    else:
        took = int((time.monotonic() - began) * 1000)
        actions.mark_answered(claimed=claimed, answer=answer, took_ms=took, now=timezone.now())


def body_of(claimed: Claimed) -> bytes:
    """Raises LookupError where the fact is none that the endpoint hears of, or is gone."""
    delivery, endpoint = claimed.delivery, claimed.endpoint
    if delivery.event_id is None:
        body = offers.ping(subject=delivery.subject, at=delivery.created_at.isoformat())
    else:
        event = journal.read(delivery.event_id)
        body = offers.body(event, internal=endpoint.internal)
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def headers_of(claimed: Claimed, body: bytes, *, at: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Tendril-Delivery": claimed.delivery.ref,
        "Tendril-Fact": claimed.delivery.fact,
        signing.HEADER: signing.signature(
            body, secrets=actions.secrets_of(claimed.endpoint, now=timezone.now()), at=at
        ),
    }
