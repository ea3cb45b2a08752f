"""Mail that was read goes when it is old, with what is kept of it; what nobody read stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.mail import actions, tasks
from apps.mail.inbox import Raw
from apps.mail.models import IncomingMail
from tests.mail.boxes import RAW, Box
from tests.mail.test_forgetting import came

pytestmark = pytest.mark.django_db


def aged(box: Box, days: float, **changes: Any) -> str:
    """A mail that was read so long ago. Its key."""
    key = came(box)
    then = timezone.now() - timedelta(days=days)
    IncomingMail.objects.filter(key=key).update(received_at=then, **changes)
    return key


def kept() -> set[str]:
    return set(IncomingMail.objects.values_list("key", flat=True))


def test_old_mail_goes_as_it_came_and_from_the_list(box: Box) -> None:
    old, young = aged(box, 366), aged(box, 364)

    tasks.prune()
    tasks.erase_forgotten()

    assert kept() == {young}
    assert [key for key, _ in box.everything()] == [young]
    assert old != young


@pytest.mark.parametrize("state", ["received", "missing"])
def test_what_was_never_read_stays(box: Box, state: str) -> None:
    key = aged(box, 4000, state=state)

    tasks.prune()
    tasks.erase_forgotten()

    assert kept() == {key}
    assert box.inbox.read(key) == RAW


def test_what_was_read_again_lately_stays(box: Box) -> None:
    lately = timezone.now() - timedelta(days=3)
    key = aged(box, 4000, state="replayed", replayed_at=lately)
    aged(box, 4000, state="replayed", replayed_at=lately - timedelta(days=370))

    tasks.prune()
    tasks.erase_forgotten()

    assert kept() == {key}


def test_nothing_goes_where_all_of_it_is_to_be_kept(box: Box, settings: Any) -> None:
    key = aged(box, 4000)
    settings.INCOMING_MAIL_DAYS = 0

    tasks.prune()

    assert IncomingMail.objects.get().state == "kept"
    assert box.inbox.read(key) == RAW


def test_what_another_store_keeps_stays(box: Box) -> None:
    """It could not be deleted there, and a row that waits for ever would tell nobody of it."""
    aged(box, 4000, store="another-bucket")

    tasks.prune()

    assert IncomingMail.objects.get().state == "kept"


def test_a_rollback_has_deleted_nothing(box: Box) -> None:
    key = aged(box, 4000)

    with transaction.atomic():
        actions.prune(before=timezone.now(), now=timezone.now())
        transaction.set_rollback(True)
    tasks.erase_forgotten()

    assert IncomingMail.objects.get().state == "kept"
    assert box.inbox.read(key) == RAW


def test_a_store_that_is_away_keeps_it_until_it_is_back(box: Box) -> None:
    aged(box, 4000)
    tasks.prune()

    with box.away():
        tasks.erase_forgotten()

    row = IncomingMail.objects.get()
    assert (row.state, row.attempts, row.sender) == ("erasing", 1, "")
    IncomingMail.objects.update(due_at=timezone.now())
    tasks.erase_forgotten()
    assert box.everything() == []


def test_many_go_in_batches_and_no_more_than_a_night_takes(
    box: Box, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(actions, "A_BATCH", 2)
    monkeypatch.setattr(actions, "MOST_PRUNED", 5)
    then, now = timezone.now() - timedelta(days=400), timezone.now()
    IncomingMail.objects.bulk_create(
        IncomingMail(
            store=box.inbox.store, key=f"{n}.eml", state="kept", received_at=then, due_at=then
        )
        for n in range(7)
    )

    with django_assert_num_queries(1 + 3 * 3):  # each batch with a savepoint of the test's own
        first = actions.prune(before=now, now=now)
    second = actions.prune(before=now, now=now)

    assert (first, second) == (5, 2)


def test_what_goes_while_mail_is_looked_for_is_not_entered_anew(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(box, 4000)
    tasks.prune()
    there = list(box.inbox.walk())

    def walk() -> Iterator[Raw]:
        yield from there
        tasks.erase_forgotten()  # of another process, before the rows are asked for

    monkeypatch.setattr(box.inbox, "walk", walk)

    assert actions.enter_unannounced(now=timezone.now()) == 0
    assert not IncomingMail.objects.exists()
