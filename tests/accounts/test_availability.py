"""Agents say whether they take new tickets; leads may say it for their teams."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import actions, tasks
from apps.accounts.errors import AvailabilityRefusedError
from apps.accounts.models import AgentState, TeamMember, User
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised
from tests.tickets.test_pages import queries

pytestmark = pytest.mark.django_db
PAGE = "/admin/availability/"


def leads(cast: Cast) -> None:
    TeamMember.objects.filter(team=cast.cards, user=cast.lena).update(is_lead=True)


def say(cast: Cast, who: User, of: User, **said: Any) -> AgentState:
    wanted = {"availability": "away", "now": NOON, **said}
    return actions.set_availability(user=of, actor=cast.actor(who), **wanted)


class TestWhoMaySay:
    def test_agents_of_themselves(self, cast: Cast) -> None:
        say(cast, cast.alice, cast.alice)

        fact = Event.objects.get(name="agent.availability_changed")
        assert fact.subject == f"person:{cast.alice.pk}"
        assert (fact.data["availability_from"], fact.data["availability_to"]) == (
            "available",
            "away",
        )

    def test_leads_of_their_teams_members(self, cast: Cast) -> None:
        leads(cast)

        say(cast, cast.lena, cast.alice)

        with pytest.raises(ForbiddenError):
            say(cast, cast.lena, cast.bob)

    def test_administrators_of_anybody_who_works(self, cast: Cast) -> None:
        say(cast, cast.ada, cast.bob)

        with pytest.raises(AvailabilityRefusedError):
            say(cast, cast.ada, cast.rachel)

    @pytest.mark.parametrize(("who", "of"), [("bob", "alice"), ("rachel", "rachel")])
    def test_nobody_else(self, cast: Cast, who: str, of: str) -> None:
        with pytest.raises(ForbiddenError):
            say(cast, getattr(cast, who), getattr(cast, of))


class TestTheReturn:
    def test_lies_in_the_future(self, cast: Cast) -> None:
        with pytest.raises(AvailabilityRefusedError):
            say(cast, cast.alice, cast.alice, until=NOON)

    def test_comes_by_itself(self, cast: Cast) -> None:
        say(cast, cast.alice, cast.alice, until=NOON + timedelta(hours=1))
        say(cast, cast.bob, cast.bob, until=timezone.now() + timedelta(hours=1))

        tasks.end_absences()

        states = dict(AgentState.objects.values_list("user__name", "availability"))
        assert states == {"Alice": "available", "Bob": "away"}

    def test_that_was_put_off_meanwhile_is_left_alone(self, cast: Cast) -> None:
        say(cast, cast.alice, cast.alice, until=NOON + timedelta(days=2))

        actions.end_absence(user=cast.alice, actor=SYSTEM, now=NOON + timedelta(hours=2))

        assert AgentState.objects.get().availability == "away"

    def test_saying_the_same_again_records_nothing(self, cast: Cast) -> None:
        for _ in range(2):
            say(cast, cast.alice, cast.alice, note=" Lunch  now ")

        assert AgentState.objects.get().note == "Lunch now"
        assert Event.objects.filter(name="agent.availability_changed").count() == 1


class TestThePage:
    def test_agents_see_themselves_alone(self, cast: Cast) -> None:
        page = client_of(cast.alice).get(PAGE)

        assert page.context["me"].name == "Alice"
        assert page.context["others"] == []

    def test_leads_see_their_teams(self, cast: Cast) -> None:
        leads(cast)

        page = client_of(cast.lena).get(PAGE)

        assert [row.name for row in page.context["others"]] == ["Alice"]

    def test_one_click_says_it_and_leads_back(self, cast: Cast) -> None:
        said = {"availability": "off", "next": "/admin/tickets/ticket/?view=mine"}

        answer = client_of(cast.alice).post(PAGE, said)

        assert answer["Location"] == said["next"]
        assert AgentState.objects.get(user=cast.alice).availability == "off"

    def test_leads_nowhere_else(self, cast: Cast) -> None:
        said = {"availability": "off", "next": "https://evil.example/"}

        assert client_of(cast.alice).post(PAGE, said)["Location"] == PAGE

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"availability": "gone"}, "valid choice"),
            ({"availability": "away", "until": "2001-01-01T00:00"}, "in the future"),
            ({"availability": "away", "until": "0000-99-99T99:99"}, "valid date/time"),
        ],
    )
    def test_says_what_is_wrong(self, cast: Cast, said: dict[str, str], told: str) -> None:
        answer = client_of(cast.alice).post(PAGE, said)

        assert answer.status_code == 409
        assert told in answer.content.decode()
        assert not AgentState.objects.exists()

    @pytest.mark.parametrize(
        ("person", "status"), [("bob", 403), ("absent", 404), ("\0", 404), ("9" * 40, 404)]
    )
    def test_of_others_is_refused(self, cast: Cast, person: str, status: int) -> None:
        who = str(cast.bob.pk) if person == "bob" else person

        answer = client_of(cast.alice).post(PAGE, {"availability": "off", "person": who})

        assert answer.status_code == status

    def test_a_lead_hands_tickets_back(self, cast: Cast, client: Client) -> None:
        leads(cast)
        mine, other = raised(cast, team=cast.cards), raised(cast, team=cast.cards)
        Ticket.objects.filter(pk=mine.pk).update(assignee=cast.alice)
        Ticket.objects.filter(pk=other.pk).update(assignee=cast.lena)

        client_of(cast.lena).post(PAGE, {"person": cast.alice.pk, "hand_back": "1"})

        left = dict(Ticket.objects.values_list("pk", "assignee__name"))
        assert left == {mine.pk: None, other.pk: "Lena"}
        assert Event.objects.filter(name="ticket.assigned").count() == 1

    def test_costs_the_same_for_many(self, cast: Cast) -> None:
        client = client_of(cast.ada)
        few = queries(client, PAGE)
        for n in range(10):
            user = User.objects.create(email=f"{n}@example.com", is_staff=True)
            TeamMember.objects.create(team=cast.cards, user=user)
            ticket = raised(cast)
            Ticket.objects.filter(pk=ticket.pk).update(assignee=user, updated_at=LATER)

        assert queries(client, PAGE) == few


class TestTheWayIn:
    """Every page of the desk says one's own state and leads to where it is changed."""

    def test_stands_at_the_side_with_ones_own_state(self, cast: Cast) -> None:
        say(cast, cast.alice, cast.alice)

        page = client_of(cast.alice).get("/admin/tickets/ticket/").content.decode()

        link = re.search(rf'<a href="{PAGE}".*?</a>', page)
        assert link
        assert "Away" in link[0]

    def test_an_absence_that_is_over_is_not_shown(self, cast: Cast) -> None:
        say(cast, cast.alice, cast.alice, until=NOON + timedelta(hours=1))

        page = client_of(cast.alice).get("/admin/tickets/ticket/").content.decode()

        link = re.search(rf'<a href="{PAGE}".*?</a>', page)
        assert link
        assert "Available" in link[0]

    def test_today_says_it_with_one_click_and_stays(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        page = client.get("/admin/").content.decode()
        assert f'action="{PAGE}"' in page
        assert 'value="available" class="availability-available" aria-pressed="true"' in page

        answer = client.post(PAGE, {"availability": "away", "next": "/admin/"}, follow=True)

        assert answer.redirect_chain[-1][0] == "/admin/"
        assert 'class="availability-away" aria-pressed="true"' in answer.content.decode()

    def test_costs_no_query(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        queries(client, "/admin/")
        before = queries(client, "/admin/")
        say(cast, cast.alice, cast.alice)

        assert queries(client, "/admin/") == before
