"""Which facts anybody wants, without a query for each fact.

Kept for some seconds: a new webhook hears of what happens from then on.
"""

from __future__ import annotations

from apps.kernel.kept import Kept
from apps.webhooks.models import Endpoint


def _load() -> frozenset[str]:
    lists = Endpoint.objects.active().values_list("facts", flat=True)
    return frozenset(name for names in lists for name in names)


wanted: Kept[frozenset[str]] = Kept(_load)


def is_wanted(name: str) -> bool:
    return name in wanted()
