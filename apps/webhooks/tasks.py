"""Sends what is due. Rows are the truth: the task may run any number of times at once."""

from __future__ import annotations

import json
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.events import journal
from apps.events.jobs import chore, spell
from apps.webhooks import actions, offers, signing
from apps.webhooks.actions import Claimed
from apps.webhooks.posting import Answer, PostError, post

KEEP = timedelta(days=14)
KEEP_USES = timedelta(days=100)
AGENT = "Tendril-Webhooks/1"
AT_ONCE = 8  # endpoints that are posted to
LOOK = 1.0  # seconds until what came meanwhile is looked for, should nobody answer
_Timed = tuple[Answer, int]  # and the milliseconds that it took


@chore
def send_due() -> None:
    """Send what is due, to several endpoints at once, and only while nobody else does.

    A slow server holds one of our threads for 15 seconds, and none of the others' deliveries.
    The rows are this thread's alone; the threads do nothing but wait for an answer.
    """
    turn = actions.take_turn(now=timezone.now())
    if turn is None:
        return
    with ThreadPoolExecutor(AT_ONCE) as threads:
        under_way: dict[Future[_Timed], Claimed] = {}
        for _ in spell():
            _begin(under_way, threads)
            if not under_way:
                break
            _settle(under_way, patience=LOOK)
            again = actions.take_turn(now=timezone.now(), mine=turn)
            if again is None:  # this process stood still for a minute
                break
            turn = again
        while under_way:
            _settle(under_way, patience=None)
    actions.end_turn(mine=turn, now=timezone.now())


@chore
def prune() -> None:
    now = timezone.now()
    actions.give_up_old(now=now)
    actions.prune(before=now - KEEP)
    actions.prune_uses(before=(now - KEEP_USES).date())


def _begin(under_way: dict[Future[_Timed], Claimed], threads: ThreadPoolExecutor) -> None:
    """Post to as many as may be at once."""
    while len(under_way) < AT_ONCE:
        claimed = actions.claim(now=timezone.now())
        if claimed is None:
            return
        try:
            body = body_of(claimed)
        except LookupError as error:
            actions.mark_failed(claimed=claimed, error=str(error), now=timezone.now())
            continue
        headers = headers_of(claimed, body, at=int(timezone.now().timestamp()))
        under_way[threads.submit(_post, claimed.endpoint.url, body, headers)] = claimed


def _settle(under_way: dict[Future[_Timed], Claimed], *, patience: float | None) -> None:
    """Note what has been answered. `patience` in seconds, until the first is."""
    done, _ = wait(under_way, timeout=patience, return_when=FIRST_COMPLETED)
    for future in done:
        claimed, now = under_way.pop(future), timezone.now()
        try:
            answer, took = future.result()
        except PostError as error:
            actions.mark_failed(claimed=claimed, error=str(error), now=now)
        else:
            actions.mark_answered(claimed=claimed, answer=answer, took_ms=took, now=now)


def _post(url: str, body: bytes, headers: dict[str, str]) -> _Timed:
    began = time.monotonic()
    answer = post(url, body, headers, trusted=settings.WEBHOOK_TRUSTED_HOSTS)
    return answer, int((time.monotonic() - began) * 1000)


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
