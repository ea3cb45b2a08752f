"""Who used which of the desk's contracts lately: whom a change of one would reach.

Whoever listens to the topic on AWS is not known to the desk: its messages leave without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Sum

from apps.accounts.models import ApiToken
from apps.webhooks.models import ContractUse, Endpoint

_NOBODYS = "our own"  # of no organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """`contract` is named as in contracts/, "ticket.raised v1" or "webhook: ticket.raised v1".

    A token's are "api: work", after what it may: which pages it asked for nobody counts. `times` 0
    is not counted.
    """

    consumer: str
    known_as: str  # the same without what a person called it: it leaves the desk
    contract: str
    last: date
    times: int


def used_since(day: date) -> list[Use]:
    """Each consumer and contract once, by contract."""
    found = [*_webhooks(day), *_tokens(day)]
    return sorted(found, key=lambda use: (use.contract, use.consumer))


def told(uses: Iterable[Use], *, now: datetime, days: int) -> dict[str, Any]:
    """For `python -m deploy release`, which asks an instance for it (ADR 53).

    Short, since Systems Manager cuts answers off. Names of webhooks and organisations, and nobody's
    else: people name their tokens after themselves.
    """
    return {
        "at": now.isoformat(timespec="seconds"),
        "days": days,
        "uses": [[use.contract, use.known_as, use.last.isoformat(), use.times] for use in uses],
    }


def _webhooks(day: date) -> Iterator[Use]:
    rows = ContractUse.objects.filter(day__gte=day).values("endpoint", "fact", "version")
    endpoints = Endpoint.objects.select_related("organisation").in_bulk()
    for row in rows.annotate(last=Max("day"), times=Sum("times")).order_by():
        endpoint = endpoints[row["endpoint"]]
        # Our own systems get a fact whole, others what is offered of it.
        of = "" if endpoint.internal else "webhook: "
        name = f"webhook {endpoint.name} ({endpoint.pk})"
        yield Use(
            consumer=name,
            known_as=f"{name} of {endpoint.organisation or _NOBODYS}",
            contract=f"{of}{row['fact']} v{row['version']}",
            last=row["last"],
            times=row["times"],
        )


def _tokens(day: date) -> Iterator[Use]:
    used = ApiToken.objects.filter(last_used_at__date__gte=day)
    for token in used.select_related("owner__organisation").order_by("pk"):
        assert token.last_used_at is not None
        for scope in token.scopes:
            yield Use(
                consumer=f"token {token.name} ({token.pk})",
                known_as=f"token {token.pk} of {token.owner.organisation or _NOBODYS}",
                contract=f"api: {scope}",
                last=token.last_used_at.date(),
                times=0,
            )
