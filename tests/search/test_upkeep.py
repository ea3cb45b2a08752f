"""The index follows the facts, whatever order they come in, and can be built anew at any time."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.events import relay
from apps.search import upkeep
from apps.search.documents import Kind
from apps.search.models import ArticleDocument, TicketDocument
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.knowledge.shelf import out
from tests.search.desk import found, hear
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db


def test_facts_told_twice_or_late_change_nothing(cast: Cast) -> None:
    ticket = raised(cast, subject="Umbrella")
    early = relay.claim_due(now=timezone.now())
    actions.edit(ticket=ticket, subject="Parasol", actor=cast.actor(cast.alice), now=LATER)
    for claim in early:
        relay.deliver(claim)
    hear()
    for claim in early:
        relay.handler_of(claim.subscriber)(claim.event)

    assert found(cast, cast.alice, "umbrella") == []
    assert found(cast, cast.alice, "parasol") == [ticket.pk]


def test_a_known_fact_reads_nothing_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    ticket_documents = upkeep.ticket_documents

    def counted(ids: list[int]) -> object:
        read.extend(ids)
        return ticket_documents(ids)

    monkeypatch.setattr(upkeep, "ticket_documents", counted)
    ticket = raised(cast)
    actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)

    hear()

    assert read == [ticket.pk]  # of three facts


def reindexed() -> str:
    told = io.StringIO()
    call_command("reindex", stdout=told)
    return told.getvalue()


def test_reindex_makes_the_same_index_as_the_facts(cast: Cast) -> None:
    tickets = [raised(cast), raised(cast, cast.oscar, tags=["vip"])]
    merged, survivor = raised(cast), raised(cast)
    actions.merge(ticket=merged, survivor=survivor, actor=cast.actor(cast.alice), now=LATER)
    out(cast, "Lost card")
    hear()
    kept = list(TicketDocument.objects.order_by("pk").values())
    shelf = list(ArticleDocument.objects.order_by("pk").values())

    told = reindexed()

    assert list(TicketDocument.objects.order_by("pk").values()) == kept
    assert list(ArticleDocument.objects.order_by("pk").values()) == shelf
    assert set(found(cast, cast.alice, "gone")) == {survivor.pk, *(t.pk for t in tickets)}
    assert "4 tickets" in told
    assert "1 articles" in told


def test_reindex_fills_an_empty_index(cast: Cast) -> None:
    ticket = raised(cast)

    reindexed()

    assert found(cast, cast.alice, "vip") == []
    assert found(cast, cast.alice, "gone") == [ticket.pk]


def test_what_changes_while_it_is_built_is_in_the_new_index(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One change is known to the live index already, one is still to be delivered."""
    alice = cast.actor(cast.alice)
    edited, waiting, merged = raised(cast), raised(cast), raised(cast)
    hear()
    new: list[Ticket] = []

    def meanwhile(done: int, kind: Kind) -> None:
        if kind == Kind.ARTICLE or new:
            return
        actions.edit(ticket=edited, subject="Umbrella", actor=alice, now=LATER)
        new.append(raised(cast, subject="Umbrella stand"))
        actions.merge(ticket=merged, survivor=edited, actor=alice, now=LATER)
        hear()
        actions.edit(ticket=waiting, subject="Parasol", actor=alice, now=LATER)

    upkeep.rebuild(meanwhile)

    assert set(found(cast, cast.alice, "umbrella")) == {edited.pk, new[0].pk}
    assert found(cast, cast.alice, "parasol") == [waiting.pk]
    assert found(cast, cast.alice, "gone") == []
    assert not TicketDocument.objects.filter(pk=merged.pk * 2).exists()


def test_an_interrupted_reindex_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "CHUNK", 2)
    tickets = [raised(cast).pk for _ in range(5)]
    heard: list[int] = []

    def stop(done: int, kind: Kind) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upkeep.rebuild(stop)
    upkeep.rebuild(lambda done, kind: heard.append(done))

    assert heard == [2, 3]
    assert sorted(found(cast, cast.alice, "gone")) == tickets
