"""A team's policy gives out tickets, fairly, to whoever is there, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import actions as people
from apps.accounts.models import AgentState, Team, TeamMember, User
from apps.accounts.permissions import Role
from apps.events import relay
from apps.events.models import Event
from apps.events.registry import only
from apps.kernel.actors import SYSTEM
from apps.notifications.models import OutgoingMail
from apps.tickets import actions, assignment, tasks
from apps.tickets.models import Ticket, Waiting
from tests.cast import Cast, make_cast
from tests.notifications.post import hear
from tests.support import NOON, transactional
from tests.tickets.desk import LATER, facts, last_fact, raised, status
from tests.tickets.test_concurrency import at_once

pytestmark = pytest.mark.django_db
_HEARD = (
    "apps.tickets.subscribers.give_out",
    "apps.tickets.subscribers.give_out_what_waits",
    "apps.notifications.subscribers.tell",
)


@pytest.fixture(autouse=True)
def heard_by_few() -> Iterator[None]:
    with only(*_HEARD):
        yield


def team_of(cast: Cast, policy: str = "round_robin", capacity: int | None = None) -> Team:
    """Cards, with alice and lena in it."""
    return people.set_assignment(
        team=cast.cards, policy=policy, capacity=capacity, actor=SYSTEM, now=NOON
    )


def be(user: User, availability: str, **said: Any) -> None:
    people.set_availability(user=user, availability=availability, actor=SYSTEM, now=NOON, **said)


def carry() -> None:
    """Deliver all that is recorded."""
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            assert relay.deliver(claim)


def comes_in(cast: Cast, **said: Any) -> Ticket:
    """A ticket for Cards, as it stands once its facts were heard."""
    ticket = raised(cast, **{"team": cast.cards, **said})
    carry()
    return Ticket.objects.get(pk=ticket.pk)


class TestInTurn:
    def test_each_gets_one_before_anybody_gets_two(self, cast: Cast) -> None:
        team_of(cast)

        got = [comes_in(cast).assignee for _ in range(4)]

        assert got == [cast.alice, cast.lena, cast.alice, cast.lena]

    def test_who_comes_back_gets_no_flood(self, cast: Cast) -> None:
        team_of(cast)
        be(cast.lena, "away")
        for _ in range(3):
            comes_in(cast)
        be(cast.lena, "available")

        got = [comes_in(cast).assignee for _ in range(3)]

        assert got == [cast.lena, cast.alice, cast.lena]

    def test_saving_the_team_leaves_the_turns(self, cast: Cast) -> None:
        team_of(cast)
        comes_in(cast)
        people.save_team(
            team=cast.cards,
            name="Cards",
            private=False,
            members=[cast.alice, cast.lena, cast.bob],
            leads=[cast.lena],
            actor=SYSTEM,
            now=NOON,
        )

        got = [comes_in(cast).assignee for _ in range(3)]

        assert sorted(str(user) for user in got[:2]) == ["Bob", "Lena"]
        assert got[2] == cast.alice
        assert TeamMember.objects.get(team=cast.cards, user=cast.lena).is_lead


class TestLeastLoaded:
    def test_goes_by_what_is_on_the_desk(self, cast: Cast) -> None:
        team_of(cast, "least_loaded")
        for category in ("open", "open", "pending"):
            ticket = raised(cast, team=cast.cards)
            who = cast.alice if category == "open" else cast.lena
            actions.assign(ticket=ticket, team=cast.cards, assignee=who, actor=SYSTEM, now=NOON)
            actions.change_status(ticket=ticket, status=status(category), actor=SYSTEM, now=NOON)

        got = [comes_in(cast).assignee for _ in range(3)]

        assert got == [cast.lena, cast.lena, cast.alice]

    def test_nobody_gets_more_than_the_team_allows(self, cast: Cast) -> None:
        team_of(cast, "least_loaded", capacity=1)

        got = [comes_in(cast) for _ in range(3)]

        assert [ticket.assignee for ticket in got] == [cast.alice, cast.lena, None]
        assert facts(got[2])[-1] == "ticket.left_waiting"
        assert last_fact(got[2])["verdicts"] == ["full", "full"]


class TestNobody:
    @pytest.mark.parametrize("state", ["away", "off"])
    def test_who_isnt_there_gets_none(self, cast: Cast, state: str) -> None:
        team_of(cast)
        be(cast.alice, state)

        assert {comes_in(cast).assignee for _ in range(3)} == {cast.lena}

    def test_an_absence_that_has_ended_is_none(self, cast: Cast) -> None:
        team_of(cast)
        be(cast.alice, "away", until=NOON + timedelta(minutes=1))
        be(cast.lena, "off")

        assert comes_in(cast).assignee == cast.alice  # it is later than that minute by now

    def test_a_requester_never_gets_their_own(self, cast: Cast) -> None:
        team_of(cast)
        ticket = raised(cast, by=cast.alice, team=cast.cards)
        carry()

        assert Ticket.objects.get(pk=ticket.pk).assignee == cast.lena

    def test_who_may_no_longer_work_gets_none(self, cast: Cast) -> None:
        team_of(cast)
        people.set_role(user=cast.alice, role=Role.REQUESTER, actor=SYSTEM, now=NOON)
        people.set_active(user=cast.lena, active=False, actor=SYSTEM, now=NOON)

        ticket = comes_in(cast)

        assert ticket.assignee is None
        assert set(last_fact(ticket)["verdicts"]) == {"may_not"}

    def test_a_team_by_hand_gives_out_nothing(self, cast: Cast) -> None:
        ticket = comes_in(cast)

        assert ticket.assignee is None
        assert facts(ticket) == ["ticket.raised"]
        assert not Waiting.objects.exists()

    def test_what_waits_is_told_once_and_given_when_somebody_returns(self, cast: Cast) -> None:
        team_of(cast)
        be(cast.alice, "off")
        be(cast.lena, "off")
        ticket = comes_in(cast)
        tasks.assign_waiting()
        tasks.assign_waiting()
        told = facts(ticket)

        be(cast.lena, "available")
        tasks.assign_waiting()

        assert told == ["ticket.raised", "ticket.left_waiting"]
        assert Ticket.objects.get(pk=ticket.pk).assignee == cast.lena
        assert not Waiting.objects.exists()

    def test_room_goes_to_the_most_urgent(self, cast: Cast) -> None:
        team_of(cast, capacity=1)
        be(cast.lena, "off")
        first, calm, urgent = comes_in(cast), comes_in(cast), comes_in(cast, impact=1, urgency=1)
        actions.solve(ticket=first, actor=SYSTEM, now=LATER)

        tasks.assign_waiting()

        assert Ticket.objects.get(pk=urgent.pk).assignee == cast.alice
        assert Ticket.objects.get(pk=calm.pk).assignee is None
        assert Waiting.objects.get().ticket_id == calm.pk

    def test_what_was_solved_meanwhile_waits_no_longer(self, cast: Cast) -> None:
        team_of(cast, capacity=1)
        be(cast.lena, "off")
        comes_in(cast)
        ticket = comes_in(cast)
        actions.solve(ticket=ticket, actor=SYSTEM, now=LATER)

        tasks.assign_waiting()

        assert not Waiting.objects.exists()
        assert Ticket.objects.get(pk=ticket.pk).assignee is None


class TestAPerson:
    def test_wins(self, cast: Cast) -> None:
        team_of(cast)
        ticket = raised(cast, team=cast.cards)
        actions.take(ticket=ticket, actor=cast.actor(cast.lena), now=NOON)
        carry()

        assert Ticket.objects.get(pk=ticket.pk).assignee == cast.lena
        assert facts(ticket).count("ticket.assigned") == 1

    def test_who_puts_it_to_nobody_is_left_in_peace(self, cast: Cast) -> None:
        team_of(cast)
        ticket = comes_in(cast)
        actions.assign(
            ticket=ticket,
            team=cast.cards,
            assignee=None,
            actor=cast.actor(cast.lena),
            now=LATER,
        )
        carry()
        tasks.assign_waiting()

        assert Ticket.objects.get(pk=ticket.pk).assignee is None

    def test_who_moves_it_to_a_team_has_it_given_out_there(self, cast: Cast) -> None:
        team_of(cast)
        ticket = raised(cast, team=cast.payments)
        actions.assign(ticket=ticket, team=cast.cards, assignee=None, actor=SYSTEM, now=LATER)
        carry()

        assert Ticket.objects.get(pk=ticket.pk).assignee == cast.alice

    def test_asking_again_changes_nothing(self, cast: Cast) -> None:
        team_of(cast)
        ticket = comes_in(cast)

        actions.auto_assign(ticket=ticket, actor=SYSTEM, now=LATER)

        assert Ticket.objects.get(pk=ticket.pk).version == ticket.version
        assert Event.objects.filter(name="ticket.assigned").count() == 1


class TestComingBack:
    @pytest.mark.parametrize(("state", "gets_it"), [("off", "lena"), ("away", "alice")])
    def test_a_reopened_ticket_finds_somebody_who_is_there(
        self, cast: Cast, state: str, gets_it: str
    ) -> None:
        team_of(cast)
        ticket = comes_in(cast)
        actions.solve(ticket=ticket, actor=SYSTEM, now=LATER)
        be(cast.alice, state)
        actions.reply(ticket=ticket, text="Again", actor=cast.actor(cast.rachel), now=LATER)
        carry()

        assert Ticket.objects.get(pk=ticket.pk).assignee == getattr(cast, gets_it)

    def test_handed_back_it_goes_to_another(self, cast: Cast) -> None:
        team_of(cast)
        ticket = comes_in(cast)

        ticket = actions.hand_back(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)

        assert ticket.assignee == cast.lena
        told = assignment.explain(ticket)
        assert told is not None
        assert {(line.who, line.verdict) for line in told.lines} == {
            ("Lena", "chosen"),
            ("Alice", "handed it back"),
        }

    def test_handed_back_with_nobody_there_it_waits(self, cast: Cast) -> None:
        team_of(cast)
        ticket = comes_in(cast)
        be(cast.lena, "off")

        ticket = actions.hand_back(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)

        assert ticket.assignee_id is None
        assert Waiting.objects.get().ticket_id == ticket.pk

    def test_handed_back_to_a_team_by_hand_it_lies_open(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.cards)
        ticket = actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=NOON)

        ticket = actions.hand_back(ticket=ticket, actor=cast.actor(cast.lena), now=LATER)

        assert (ticket.team, ticket.assignee_id) == (cast.cards, None)
        assert not Waiting.objects.exists()


class TestTheExplanation:
    def test_names_everybody_who_was_considered(self, cast: Cast) -> None:
        team_of(cast, "least_loaded")
        be(cast.lena, "away")

        told = assignment.explain(comes_in(cast))

        assert told is not None
        assert (told.assignee, told.by) == ("Alice", "")
        assert told.reason == "They were the only one who could take it."
        assert [(line.who, line.verdict, line.load) for line in told.lines] == [
            ("Alice", "chosen", 0),
            ("Lena", "away", 0),
        ]

    def test_of_a_person_names_the_person(self, cast: Cast) -> None:
        ticket = raised(cast, team=cast.cards)
        actions.take(ticket=ticket, actor=cast.actor(cast.lena), now=NOON)

        told = assignment.explain(ticket)

        assert told is not None
        assert (told.assignee, told.by, told.lines) == ("Lena", "Lena", ())

    def test_is_none_for_what_nobody_ever_had(self, cast: Cast) -> None:
        assert assignment.explain(raised(cast)) is None

    def test_costs_the_same_for_many(self, cast: Cast) -> None:
        team_of(cast)
        _queries(cast)  # what is kept for some seconds is asked for once
        few = _queries(cast)
        crowd = [User.objects.create(email=f"{n}@example.com", is_staff=True) for n in range(20)]
        for user in crowd:
            user.groups.add(Group.objects.get(name=Role.AGENT))
            TeamMember.objects.create(team=cast.cards, user=user)
        for _ in range(5):
            comes_in(cast)

        assert _queries(cast) == few


def _queries(cast: Cast) -> int:
    with only():
        ticket = raised(cast, team=cast.cards)
    with CaptureQueriesContext(connection) as caught:
        ticket = actions.auto_assign(ticket=ticket, actor=SYSTEM, now=NOON)
        assert assignment.explain(ticket) is not None
    return len(caught)


def test_the_team_gets_no_mail_of_what_was_given_out(cast: Cast) -> None:
    team_of(cast)
    raised(cast, team=cast.cards)

    hear()

    assert sorted(OutgoingMail.objects.values_list("to", flat=True)) == [
        "alice@example.com",
        "rachel@example.com",
    ]


@transactional
def test_many_at_once_are_given_out_evenly() -> None:
    cast = make_cast()
    for user in (cast.bob, cast.fay):
        TeamMember.objects.create(team=cast.cards, user=user)
    team_of(cast)
    with only():
        tickets = [raised(cast, team=cast.cards) for _ in range(40)]

    def work(part: int) -> None:
        # Each ticket is asked for twice, by two at once.
        for ticket in tickets[part // 2 :: 4]:
            actions.auto_assign(ticket=ticket, actor=SYSTEM, now=NOON)

    results = at_once(*[lambda part=part: work(part) for part in range(8)])

    assert results == [None] * 8
    shares = [Ticket.objects.filter(assignee=user).count() for user in cast.cards.members.all()]
    assert shares == [10, 10, 10, 10]
    assert Event.objects.filter(name="ticket.assigned").count() == 40


@transactional
def test_a_person_and_the_policy_at_once_leave_one_assignee() -> None:
    cast = make_cast()
    team_of(cast, "least_loaded")
    with only():
        ticket = raised(cast, team=cast.cards)
    lena = cast.actor(cast.lena)

    at_once(
        lambda: actions.auto_assign(ticket=ticket, actor=SYSTEM, now=NOON),
        lambda: actions.take(ticket=ticket, actor=lena, now=NOON),
    )

    assert Ticket.objects.get().assignee == cast.lena


def test_a_state_belongs_to_an_absence(cast: Cast) -> None:
    be(cast.alice, "away", until=NOON + timedelta(hours=1), note="Lunch")
    be(cast.alice, "available", until=NOON + timedelta(hours=1), note="Lunch")

    state = AgentState.objects.get()
    assert (state.availability, state.until, state.note) == ("available", None, "")
