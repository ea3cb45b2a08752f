"""Assign, take, categorise, prioritise, tag, edit, watch."""

from __future__ import annotations

import pytest

from apps.kernel.errors import DomainError, ForbiddenError
from apps.tickets import actions
from apps.tickets.errors import (
    AssigneeRefusedError,
    ReasonMissingError,
    TagRefusedError,
    TicketIsFinalError,
    WatcherRefusedError,
)
from apps.tickets.models import Category, CategoryField, Participant, Ticket
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import LATER, facts, last_fact, raised, standing

pytestmark = pytest.mark.django_db


class TestAssigning:
    def test_says_who_works_on_it_once(self, cast: Cast) -> None:
        ticket = raised(cast)
        alice = cast.actor(cast.alice)

        for _ in range(2):
            actions.assign(
                ticket=ticket, team=cast.cards, assignee=cast.alice, actor=alice, now=LATER
            )

        fresh = Ticket.objects.get()
        assert (fresh.team, fresh.assignee) == (cast.cards, cast.alice)
        assert facts(ticket) == ["ticket.raised", "ticket.assigned"]

    def test_refuses_who_is_not_in_the_team_or_does_not_work_here(self, cast: Cast) -> None:
        ticket = raised(cast)

        for team, person in ((cast.cards, cast.bob), (None, cast.rachel), (cast.cards, cast.paula)):
            with pytest.raises(AssigneeRefusedError):
                actions.assign(
                    ticket=ticket,
                    team=team,
                    assignee=person,
                    actor=cast.actor(cast.alice),
                    now=LATER,
                )

    def test_is_for_staff(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.assign(
                ticket=raised(cast),
                team=None,
                assignee=None,
                actor=cast.actor(cast.rachel),
                now=LATER,
            )

    def test_taking_opens_it_in_a_team_of_mine(self, cast: Cast) -> None:
        ticket = raised(cast)

        actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)

        fresh = Ticket.objects.get()
        assert (fresh.assignee, fresh.team, fresh.status_category) == (
            cast.alice,
            cast.cards,
            "open",
        )


class TestCategorising:
    def test_moves_it_to_the_team_and_keeps_only_its_fields(self, cast: Cast) -> None:
        CategoryField.objects.create(category=cast.lost_card, key="digits", label="D", kind="text")
        fees = Category.objects.create(slug="fees", name="Fees", team=cast.payments)
        ticket = raised(cast, category=cast.lost_card, custom={"digits": "1"})

        actions.categorise(ticket=ticket, category=fees, actor=cast.actor(cast.alice), now=LATER)

        fresh = Ticket.objects.get()
        assert (fresh.category, fresh.team, fresh.custom) == (fees, cast.payments, {})
        assert facts(ticket) == ["ticket.raised", "ticket.categorised", "ticket.assigned"]

    def test_leaves_the_team_of_one_that_somebody_works_on(self, cast: Cast) -> None:
        fees = Category.objects.create(slug="fees", name="Fees", team=cast.payments)
        ticket = raised(cast, category=cast.lost_card)
        alice = cast.actor(cast.alice)
        actions.take(ticket=ticket, actor=alice, now=NOON)

        actions.categorise(ticket=ticket, category=fees, actor=alice, now=LATER)

        assert Ticket.objects.get().team == cast.cards

    def test_finished_ones_keep_theirs(self, cast: Cast) -> None:
        with pytest.raises(TicketIsFinalError):
            actions.categorise(
                ticket=standing(cast, "closed"),
                category=None,
                actor=cast.actor(cast.alice),
                now=LATER,
            )


class TestPrioritising:
    @pytest.mark.parametrize(
        ("impact", "urgency", "priority"),
        [
            *((1, 1, 1), (1, 2, 2), (1, 3, 3)),
            *((2, 1, 2), (2, 2, 3), (2, 3, 4)),
            *((3, 1, 3), (3, 2, 4), (3, 3, 5)),
        ],
    )
    def test_follows_the_matrix(self, cast: Cast, impact: int, urgency: int, priority: int) -> None:
        ticket = actions.prioritise(
            ticket=raised(cast),
            impact=impact,
            urgency=urgency,
            actor=cast.actor(cast.alice),
            now=LATER,
        )

        assert ticket.priority == priority

    def test_an_override_keeps_its_reason_and_holds(self, cast: Cast) -> None:
        lena = cast.actor(cast.lena)
        ticket = actions.override_priority(
            ticket=raised(cast), priority=1, reason=" The  board asks ", actor=lena, now=LATER
        )
        ticket = actions.prioritise(ticket=ticket, impact=3, urgency=3, actor=lena, now=LATER)

        assert (ticket.priority, ticket.override_reason) == (1, "The board asks")
        back = actions.override_priority(
            ticket=ticket, priority=None, reason="", actor=lena, now=LATER
        )
        assert (back.priority, back.priority_override, back.override_reason) == (5, None, "")

    def test_an_override_needs_a_reason_and_a_lead(self, cast: Cast) -> None:
        ticket = raised(cast)

        with pytest.raises(ReasonMissingError):
            actions.override_priority(
                ticket=ticket, priority=1, reason="  ", actor=cast.actor(cast.lena), now=LATER
            )
        with pytest.raises(ForbiddenError):
            actions.override_priority(
                ticket=ticket, priority=1, reason="x", actor=cast.actor(cast.alice), now=LATER
            )

    def test_a_major_incident_needs_a_lead(self, cast: Cast) -> None:
        ticket = raised(cast)

        with pytest.raises(ForbiddenError):
            actions.declare_major_incident(
                ticket=ticket, major=True, actor=cast.actor(cast.alice), now=LATER
            )
        actions.declare_major_incident(
            ticket=ticket, major=True, actor=cast.actor(cast.lena), now=LATER
        )

        assert Ticket.objects.get().is_major_incident
        assert last_fact(ticket)["is_major_incident"]


class TestTagging:
    def test_adds_and_takes_away(self, cast: Cast) -> None:
        ticket, alice = raised(cast), cast.actor(cast.alice)

        actions.tag(ticket=ticket, add=["VIP", "vip ", "card"], actor=alice, now=LATER)
        actions.tag(ticket=ticket, add=["vip"], actor=alice, now=LATER)
        actions.tag(ticket=ticket, remove=["card", "absent"], actor=alice, now=LATER)

        assert list(ticket.tags.values_list("name", flat=True)) == ["vip"]
        assert facts(ticket).count("ticket.updated") == 2

    @pytest.mark.parametrize("name", ["x" * 41, "a,b", "<b>", "\0"])
    def test_refuses_what_is_no_tag(self, cast: Cast, name: str) -> None:
        with pytest.raises(TagRefusedError):
            actions.tag(ticket=raised(cast), add=[name], actor=cast.actor(cast.alice), now=LATER)


def test_editing_corrects_subject_and_kind(cast: Cast) -> None:
    ticket = raised(cast)

    for _ in range(2):
        actions.edit(
            ticket=ticket,
            subject="Card stolen",
            kind="incident",
            actor=cast.actor(cast.alice),
            now=LATER,
        )

    fresh = Ticket.objects.get()
    assert (fresh.subject, fresh.kind) == ("Card stolen", "incident")
    assert facts(ticket) == ["ticket.raised", "ticket.updated"]


class TestWatching:
    def test_lets_a_colleague_see_it(self, cast: Cast) -> None:
        ticket = raised(cast)
        ross = cast.actor(cast.ross)
        assert not Ticket.objects.visible_to(ross).exists()

        for _ in range(2):
            actions.watch(ticket=ticket, user=cast.ross, actor=cast.actor(cast.rachel), now=LATER)

        assert Ticket.objects.visible_to(ross).get() == ticket
        assert Participant.objects.get().source == "requester"
        actions.unwatch(ticket=ticket, user=cast.ross, actor=ross, now=LATER)
        assert not Ticket.objects.visible_to(ross).exists()

    def test_a_customer_brings_in_nobody_from_elsewhere(self, cast: Cast) -> None:
        ticket, rachel = raised(cast), cast.actor(cast.rachel)

        with pytest.raises(WatcherRefusedError):
            actions.watch(ticket=ticket, user=cast.oscar, actor=rachel, now=LATER)
        with pytest.raises(WatcherRefusedError):
            actions.watch(ticket=ticket, address="x@elsewhere.example", actor=rachel, now=LATER)
        with pytest.raises(ForbiddenError):
            actions.watch(ticket=ticket, user=cast.oscar, actor=cast.actor(cast.oscar), now=LATER)

    @pytest.mark.parametrize("address", ["nobody", "a@b@c", "x@y z"])
    def test_an_address_is_one(self, cast: Cast, address: str) -> None:
        with pytest.raises(DomainError, match="not an e-mail address"):
            actions.watch(
                ticket=raised(cast), address=address, actor=cast.actor(cast.alice), now=LATER
            )
