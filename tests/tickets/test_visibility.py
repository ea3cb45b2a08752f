"""The policy's answer for a row and the queryset's for many are the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from apps.accounts.models import User
from apps.kernel.actors import ANONYMOUS, SYSTEM, Actor
from apps.kernel.errors import NotFoundError
from apps.tickets import access, actions, policies
from apps.tickets.conversation import conversation
from apps.tickets.models import Attachment, Message, Ticket
from tests.cast import Cast
from tests.tickets.desk import LATER, raised, stored

pytestmark = pytest.mark.django_db


def spread(cast: Cast) -> list[Ticket]:
    """Tickets that differ in whatever visibility looks at."""
    alice = cast.actor(cast.alice)
    watched = raised(cast, cast.oscar)
    actions.watch(ticket=watched, user=cast.ross, actor=alice, now=LATER)
    kept_private = raised(cast, team=cast.fraud)
    actions.watch(ticket=kept_private, user=cast.bob, actor=SYSTEM, now=LATER)
    lent = raised(cast, team=cast.fraud)
    actions.assign(ticket=lent, team=cast.fraud, assignee=cast.fay, actor=SYSTEM, now=LATER)
    return [
        raised(cast),
        raised(cast, cast.ross),
        raised(cast, cast.paula, team=cast.cards),
        raised(cast, cast.alice),
        raised(cast, cast.alice, team=cast.fraud),
        watched,
        kept_private,
        lent,
    ]


def everybody(cast: Cast) -> list[User]:
    return [
        value
        for field in dataclasses.fields(cast)
        if isinstance(value := getattr(cast, field.name), User)
    ]


@pytest.mark.parametrize("shares", [False, True])
def test_a_row_and_a_list_agree(cast: Cast, shares: bool) -> None:
    cast.acme.shares_tickets = shares
    cast.acme.save()
    tickets = spread(cast)
    actors = [ANONYMOUS, SYSTEM, *(cast.actor(user) for user in everybody(cast))]

    for actor in actors:
        listed = set(Ticket.objects.visible_to(actor).values_list("pk", flat=True))
        asked = {ticket.pk for ticket in tickets if policies.can_view(actor, ticket)}
        assert listed == asked, actor


def test_one_ticket_is_found_by_whom_the_list_shows_it(cast: Cast) -> None:
    tickets = spread(cast)

    for actor in [ANONYMOUS, SYSTEM, *(cast.actor(user) for user in everybody(cast))]:
        for ticket in tickets:
            found = [_finds(access.ticket_by_id, ticket.pk, actor)]
            found.append(_finds(access.ticket_by_ref, ticket.ref, actor))
            assert found == [policies.can_view(actor, ticket)] * 2, (actor, ticket)


def _finds(look: Callable[..., Ticket], at: int | str, actor: Actor) -> bool:
    try:
        return look(at, actor).pk > 0
    except NotFoundError:
        return False


def test_who_sees_what(cast: Cast) -> None:
    mine, private = raised(cast), raised(cast, team=cast.fraud)

    def seen_by(user: User) -> set[int]:
        return set(Ticket.objects.visible_to(cast.actor(user)).values_list("pk", flat=True))

    both = {mine.pk, private.pk}
    assert seen_by(cast.rachel) == seen_by(cast.monica) == both
    assert seen_by(cast.fay) == seen_by(cast.ada) == both
    assert seen_by(cast.alice) == seen_by(cast.lena) == {mine.pk}
    assert seen_by(cast.ross) == seen_by(cast.oscar) == set()


def test_notes_are_read_by_those_who_may_work_on_the_ticket(cast: Cast) -> None:
    ticket = raised(cast, cast.alice, team=cast.fraud)
    actions.watch(ticket=ticket, user=cast.bob, actor=SYSTEM, now=LATER)
    fay = cast.actor(cast.fay)
    note = actions.note(
        ticket=ticket, text="It is alice", attachments=[stored()], actor=fay, now=LATER
    )
    attachment = Attachment.objects.get()

    for user in everybody(cast):
        actor, may = cast.actor(user), user in {cast.fay, cast.ada}
        assert policies.can_read(actor, note) == may
        # Lists are asked about tickets that the actor sees.
        if policies.can_view(actor, ticket):
            assert Message.objects.readable_by(actor).filter(pk=note.pk).exists() == may
            assert (note in conversation(ticket, actor)) == may
            found = Attachment.objects.readable_by(actor).filter(pk=attachment.pk)
            assert found.exists() == may


def test_a_merged_tickets_notes_stay_with_its_team(cast: Cast) -> None:
    private, survivor = raised(cast, team=cast.fraud), raised(cast)
    actions.note(ticket=private, text="secret", actor=cast.actor(cast.fay), now=LATER)
    actions.merge(ticket=private, survivor=survivor, actor=cast.actor(cast.ada), now=LATER)

    def read_by(user: User) -> list[str]:
        return [message.source for message in conversation(survivor, cast.actor(user))]

    assert "secret" in read_by(cast.ada)
    assert "secret" not in read_by(cast.alice)


def test_notes_are_read_by_staff_alone(cast: Cast) -> None:
    ticket = raised(cast)
    note = actions.note(ticket=ticket, text="n", actor=cast.actor(cast.alice), now=LATER)

    for user in everybody(cast):
        actor = cast.actor(user)
        listed = Message.objects.readable_by(actor).filter(pk=note.pk).exists()
        assert listed == user.is_staff
        assert policies.can_read(actor, note) == user.is_staff
