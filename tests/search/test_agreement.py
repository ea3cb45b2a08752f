"""Whoever searches finds what they may see, and nothing else, whatever happened to it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from apps.accounts.actions import anonymise_person
from apps.accounts.models import User
from apps.kernel.actors import ANONYMOUS, SYSTEM
from apps.search import find
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.search.desk import found, hear
from tests.support import NOON
from tests.tickets.desk import LATER, raised, status

pytestmark = pytest.mark.django_db


def everybody(cast: Cast) -> list[User]:
    return [
        value
        for field in dataclasses.fields(cast)
        if isinstance(value := getattr(cast, field.name), User)
    ]


def check(cast: Cast) -> None:
    """Search and the list agree for everybody; merged tickets are found as their survivors."""
    hear()
    for actor in [ANONYMOUS, SYSTEM, *(cast.actor(user) for user in everybody(cast))]:
        listed = Ticket.objects.visible_to(actor).filter(merged_into=None)
        listed = listed.exclude(status_category="spam")
        hits = find.tickets("gone", actor=actor, limit=100)
        assert {hit.ticket_id for hit in hits.hits} == set(listed.values_list("pk", flat=True))
        assert hits.total == len(hits.hits)


@pytest.mark.parametrize("shares", [False, True])
def test_search_and_lists_agree(cast: Cast, shares: bool) -> None:
    cast.acme.shares_tickets = shares
    cast.acme.save()
    alice, ada = cast.actor(cast.alice), cast.actor(cast.ada)
    mine, ross, spam = raised(cast), raised(cast, cast.ross), raised(cast, cast.oscar)
    raised(cast, cast.paula, team=cast.cards)
    raised(cast, cast.alice)
    raised(cast, cast.alice, team=cast.fraud)
    watched, private = raised(cast, cast.oscar), raised(cast, team=cast.fraud)
    check(cast)

    actions.watch(ticket=watched, user=cast.ross, actor=alice, now=LATER)
    actions.watch(ticket=private, user=cast.bob, actor=SYSTEM, now=LATER)
    check(cast)

    actions.assign(ticket=mine, team=cast.fraud, assignee=None, actor=ada, now=LATER)
    actions.assign(ticket=private, team=cast.fraud, assignee=cast.fay, actor=SYSTEM, now=LATER)
    actions.change_status(ticket=spam, status=status("spam"), actor=alice, now=LATER)
    check(cast)

    actions.unwatch(ticket=watched, user=cast.ross, actor=alice, now=LATER)
    actions.note(ticket=watched, text="Suspicious.", actor=alice, now=LATER)
    merged = actions.merge(ticket=ross, survivor=mine, actor=ada, now=LATER)
    check(cast)

    actions.unmerge(ticket=merged, actor=ada, now=LATER + timedelta(hours=1))
    check(cast)

    anonymise_person(user=cast.ross, actor=ada, now=LATER + timedelta(hours=2))
    check(cast)


def test_a_merged_tickets_words_are_found_on_its_survivor(cast: Cast) -> None:
    merged = raised(cast, text="The machine swallowed it.")
    survivor, ada = raised(cast), cast.actor(cast.ada)
    hear()
    assert found(cast, cast.rachel, "swallowed") == [merged.pk]

    merged = actions.merge(ticket=merged, survivor=survivor, actor=ada, now=LATER)
    hear()
    assert found(cast, cast.rachel, "swallowed") == [survivor.pk]

    top = raised(cast)
    actions.merge(ticket=survivor, survivor=top, actor=ada, now=LATER)
    hear()
    assert found(cast, cast.rachel, "swallowed") == [top.pk]

    actions.unmerge(ticket=merged, actor=ada, now=LATER)
    hear()
    assert found(cast, cast.rachel, "swallowed") == [merged.pk]


def test_what_was_split_off_is_found_where_it_is(cast: Cast) -> None:
    ticket, alice = raised(cast), cast.actor(cast.alice)
    message = actions.reply(
        ticket=ticket, text="Also the umbrella.", actor=cast.actor(cast.rachel), now=LATER
    )
    hear()

    new = actions.split(
        ticket=ticket, messages=[message], subject="Umbrella", actor=alice, now=LATER
    )
    hear()

    assert found(cast, cast.rachel, "umbrella") == [new.pk]


def test_a_ticket_that_left_sight_is_not_shown_before_the_index_knows(cast: Cast) -> None:
    ticket = raised(cast)
    hear()
    assert found(cast, cast.alice, "gone") == [ticket.pk]

    actions.assign(
        ticket=ticket, team=cast.fraud, assignee=None, actor=cast.actor(cast.ada), now=NOON
    )

    assert found(cast, cast.alice, "gone") == []
