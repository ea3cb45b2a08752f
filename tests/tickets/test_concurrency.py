"""Two at once, each with a connection of their own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial

from django.db import connection

from apps.kernel.errors import DomainError
from apps.tickets import actions
from apps.tickets.errors import StaleTicketError
from apps.tickets.models import Message, Ticket
from tests.cast import Cast, make_cast
from tests.support import transactional
from tests.tickets.desk import LATER, facts, raised


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each gives or raises, all started together."""
    results: list[object] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        try:
            ready.wait()
            results[place] = work()
        except DomainError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@transactional
def test_a_double_submit_makes_one_ticket() -> None:
    cast, form = make_cast(), uuid.uuid4()

    made = at_once(*[lambda: raised(cast, submission=form).pk] * 4)

    assert len(set(made)) == 1
    assert Ticket.objects.count() == Message.objects.count() == 1
    assert facts(Ticket.objects.get()) == ["ticket.raised"]


@transactional
def test_a_reply_and_an_unmerge_never_wait_for_each_other() -> None:
    cast = make_cast()
    survivor, ticket = raised(cast), raised(cast)  # the merged one has the higher number
    alice, rachel = cast.actor(cast.alice), cast.actor(cast.rachel)

    for number in range(12):
        merged = Ticket.objects.get(pk=ticket.pk)
        actions.merge(ticket=merged, survivor=survivor, actor=alice, now=LATER)
        stale = Ticket.objects.get(pk=ticket.pk)
        at_once(
            partial(actions.reply, ticket=stale, text=f"{number}", actor=rachel, now=LATER),
            partial(actions.unmerge, ticket=stale, actor=alice, now=LATER),
        )

    assert Message.objects.count() == 2 + 12


@transactional
def test_of_two_answers_to_what_they_saw_one_is_told() -> None:
    cast = make_cast()
    ticket = raised(cast)

    def answer(agent: str) -> object:
        actor = Cast.actor(getattr(cast, agent))
        return actions.reply(
            ticket=ticket, text=agent, expected_version=ticket.version, actor=actor, now=LATER
        )

    results = at_once(lambda: answer("alice"), lambda: answer("lena"))

    assert sorted(type(result).__name__ for result in results) == ["Message", "StaleTicketError"]
    assert any(isinstance(result, StaleTicketError) for result in results)
    assert Message.objects.filter(direction="out").count() == 1


@transactional
def test_changes_that_saw_nothing_both_hold() -> None:
    cast = make_cast()
    ticket = raised(cast)
    alice, lena = cast.actor(cast.alice), cast.actor(cast.lena)

    at_once(
        lambda: actions.tag(ticket=ticket, add=["one"], actor=alice, now=LATER),
        lambda: actions.tag(ticket=ticket, add=["two"], actor=lena, now=LATER),
    )

    assert sorted(ticket.tags.values_list("name", flat=True)) == ["one", "two"]
    assert Ticket.objects.get().version == ticket.version + 2


@transactional
def test_merging_into_each_other_ends_with_one_survivor() -> None:
    cast = make_cast()
    one, other = raised(cast), raised(cast)
    alice = cast.actor(cast.alice)

    results = at_once(
        lambda: actions.merge(ticket=one, survivor=other, actor=alice, now=LATER),
        lambda: actions.merge(ticket=other, survivor=one, actor=alice, now=LATER),
    )

    assert sorted(isinstance(result, DomainError) for result in results) == [False, True]
    assert Ticket.objects.filter(status_category="merged").count() == 1
