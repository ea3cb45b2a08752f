"""Who used which of the desk's contracts lately: whom a change of one would reach.

Whoever listens to the topic on AWS is not known to the desk: its messages leave without a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Sum

from apps.accounts.models import ApiToken
from apps.webhooks.models import ContractUse, Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """`contract` is "fact ticket.raised v1" or "api write-tickets"; `times` 0 is not counted."""

    consumer: str
    contract: str
    last: date
    times: int


def used_since(day: date) -> list[Use]:
    """Each consumer and contract once, by contract."""
    found = [*_webhooks(day), *_tokens(day)]
    return sorted(found, key=lambda use: (use.contract, use.consumer))


def _webhooks(day: date) -> Iterator[Use]:
    rows = ContractUse.objects.filter(day__gte=day).values("endpoint", "fact", "version")
    names = dict(Endpoint.objects.values_list("pk", "name"))
    for row in rows.annotate(last=Max("day"), times=Sum("times")).order_by():
        yield Use(
            consumer=f"webhook {names[row['endpoint']]} ({row['endpoint']})",
            contract=f"fact {row['fact']} v{row['version']}",
            last=row["last"],
            times=row["times"],
        )


def _tokens(day: date) -> Iterator[Use]:
    used = ApiToken.objects.filter(last_used_at__date__gte=day)
    for token in used.order_by("pk"):
        assert token.last_used_at is not None
        for scope in token.scopes:
            yield Use(
                consumer=f"token {token.name} ({token.pk})",
                contract=f"api {scope}",
                last=token.last_used_at.date(),
                times=0,
            )
