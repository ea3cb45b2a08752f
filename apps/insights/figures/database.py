from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Q

from apps.insights.figures import KEEP, FiguresAwayError, Place
from apps.insights.models import MinuteFigures, ShardPlace
from apps.insights.reducing import Counted, Counts, total
from apps.kernel.ports import Location


class DatabaseFigures:
    """A row a minute: its counts, and the facts that are in them."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def add(self, minute: datetime, counted: Counted) -> None:
        with _told(), transaction.atomic():
            MinuteFigures.objects.bulk_create([MinuteFigures(minute=minute)], ignore_conflicts=True)
            row = MinuteFigures.objects.select_for_update().get(minute=minute)
            new = counted.keys() - set(row.facts)
            if new:
                counts = total([row.counts, *(counted[pk] for pk in new)])
                facts = [*row.facts, *sorted(new)]
                MinuteFigures.objects.filter(minute=minute).update(counts=counts, facts=facts)

    def between(self, since: datetime, until: datetime) -> dict[datetime, Counts]:
        with _told():
            rows = MinuteFigures.objects.filter(minute__gte=since, minute__lt=until)
            return dict(rows.values_list("minute", "counts"))

    def take(self, shard: str, *, owner: str, now: datetime, until: datetime) -> Place | None:
        with _told():
            rows = ShardPlace.objects.filter(shard=shard)
            ShardPlace.objects.bulk_create([ShardPlace(shard=shard)], ignore_conflicts=True)
            free = Q(owner="") | Q(owner=owner) | Q(leased_until__lte=now)
            mine = rows.filter(free).update(owner=owner, leased_until=until)
            row = rows.get()
            MinuteFigures.objects.filter(minute__lt=now - KEEP).delete()
        return Place(row.position, row.ended) if mine or row.ended else None

    def keep(self, shard: str, place: Place, *, owner: str) -> bool:
        with _told():
            mine = ShardPlace.objects.filter(shard=shard, owner=owner)
            return bool(mine.update(position=place.position, ended=place.ended))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise FiguresAwayError(str(error)) from error
