"""A filter says the same in an address, in a row and to the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from apps.tickets import actions
from apps.tickets.errors import FilterRefusedError
from apps.tickets.filters import DUE, Filter, subtree
from apps.tickets.models import Category, Channel, Ticket
from apps.tickets.statuses import ACTIVE, FINISHED, StatusCategory
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import LATER, raised, standing

_IDS = st.integers(1, 10**17).map(str)
_VALUES: dict[str, st.SearchStrategy[str]] = {
    "status": st.sampled_from([c.value for c in StatusCategory]),
    "team": _IDS | st.sampled_from(["mine", "none"]),
    "assignee": _IDS | st.sampled_from(["me", "none"]),
    "priority": st.sampled_from("12345"),
    "category": _IDS | st.just("none"),
    "tag": st.from_regex(r"[a-zß-öø-ÿ0-9_][a-z0-9_ \-]{0,9}", fullmatch=True),
    "channel": st.sampled_from(Channel.values),
    "requester": _IDS,
    "organisation": _IDS,
    "due": st.sampled_from(list(DUE)),
    "waiting": st.just("yes"),
    "major": st.just("yes"),
}
filters = st.fixed_dictionaries(
    {}, optional={name: st.lists(values, max_size=4) for name, values in _VALUES.items()}
).map(lambda values: Filter.of(**values))


class TestInWords:
    @given(filters)
    def test_comes_back_from_an_address_as_it_was(self, wanted: Filter) -> None:
        assert Filter.from_query(QueryDict(wanted.to_query())) == wanted

    @given(filters)
    def test_comes_back_from_a_row_as_it_was(self, wanted: Filter) -> None:
        assert Filter.from_json(wanted.to_json()) == wanted

    @given(st.dictionaries(st.sampled_from([*_VALUES, "other"]), st.lists(st.text(max_size=8))))
    def test_takes_any_address(self, said: dict[str, list[str]]) -> None:
        query = QueryDict(mutable=True)
        for name, values in said.items():
            query.setlist(name, values)

        read = Filter.from_query(query)

        assert Filter.from_json(read.to_json()) == read

    @pytest.mark.parametrize(
        "stored",
        [
            None,
            [],
            {},
            {"schema": 2},
            {"schema": 1, "colour": ["red"]},
            {"schema": 1, "status": "open"},
            {"schema": 1, "status": ["excellent"]},
            {"schema": 1, "team": ["1; DROP TABLE"]},
            {"schema": 1, "priority": [str(n) for n in range(99)]},
        ],
    )
    def test_refuses_a_row_that_says_what_it_does_not_know(self, stored: Any) -> None:
        with pytest.raises(FilterRefusedError):
            Filter.from_json(stored)

    @given(filters)
    def test_falls_into_halves_that_an_index_serves(self, wanted: Filter) -> None:
        halves = wanted.halves()

        assert frozenset().union(*(half.statuses for half in halves)) == wanted.statuses
        assert all(half.statuses <= ACTIVE or half.statuses <= FINISHED for half in halves)

    def test_a_category_stands_for_all_below_it(self) -> None:
        parents = {1: None, 2: 1, 3: 2, 4: None}

        assert subtree({1}, parents) == {1, 2, 3}
        assert subtree({4, 3}, parents) == {3, 4}
        assert subtree({1}, {1: 2, 2: 1}) == {1, 2}  # a loop, which the admin refuses


@pytest.mark.django_db
class TestAskedOfTickets:
    def found(self, cast: Cast, wanted: Filter, *, by: str = "alice") -> set[str]:
        parents = dict(Category.objects.values_list("pk", "parent_id"))
        rows = wanted.apply(
            Ticket.objects.all(),
            actor=cast.actor(getattr(cast, by)),
            now=LATER,
            parents=parents,
        )
        return set(rows.values_list("subject", flat=True))

    def test_finds_by_each_condition(self, cast: Cast) -> None:
        below = Category.objects.create(slug="below", name="Below", parent=cast.lost_card)
        alice = cast.actor(cast.alice)
        raised(cast, subject="plain")
        mine = raised(cast, subject="mine", category=below)
        actions.assign(ticket=mine, team=cast.cards, assignee=cast.alice, actor=alice, now=LATER)
        actions.reply(ticket=mine, text="Done?", actor=alice, now=LATER)
        raised(cast, cast.oscar, subject="other", impact=1, urgency=1, tags=["vip", "eu"])
        standing(cast, "resolved", subject="solved")
        raised(cast, subject="hidden", team=cast.fraud)
        expected: list[tuple[dict[str, list[str]], set[str]]] = [
            ({}, {"plain", "mine", "other"}),
            ({"status": ["resolved"]}, {"solved"}),
            ({"status": ["new", "resolved"]}, {"plain", "other", "solved"}),
            ({"assignee": ["me"]}, {"mine"}),
            ({"assignee": ["none"]}, {"plain", "other"}),
            ({"assignee": ["me", "none"]}, {"plain", "other", "mine"}),
            ({"team": ["mine"]}, {"mine"}),
            ({"team": ["none"]}, {"plain", "other"}),
            ({"team": [str(cast.fraud.pk)]}, set()),
            ({"priority": ["1"]}, {"other"}),
            ({"category": [str(cast.lost_card.pk)]}, {"mine"}),
            ({"category": ["none"]}, {"plain", "other"}),
            ({"tag": ["vip"]}, {"other"}),
            ({"tag": ["vip", "absent"]}, set()),
            ({"requester": [str(cast.oscar.pk)]}, {"other"}),
            ({"organisation": [str(cast.acme.pk)]}, {"plain", "mine"}),
            ({"waiting": ["yes"]}, {"plain", "other"}),
            ({"channel": ["mail"]}, set()),
            ({"major": ["yes"]}, set()),
            ({"due": ["7d"]}, set()),
        ]

        assert [self.found(cast, Filter.of(**said)) for said, _ in expected] == [
            subjects for _, subjects in expected
        ]

    def test_due_is_counted_from_now(self, cast: Cast) -> None:
        for hours in (-1, 2, 30):
            ticket = raised(cast, subject=f"{hours}")
            Ticket.objects.filter(pk=ticket.pk).update(next_due_at=LATER + timedelta(hours=hours))

        assert self.found(cast, Filter(due=("late",))) == {"-1"}
        assert self.found(cast, Filter(due=("4h",))) == {"-1", "2"}
        assert self.found(cast, Filter(due=("4h", "7d"))) == {"-1", "2", "30"}

    def test_who_waits_follows_the_conversation(self, cast: Cast) -> None:
        ticket, alice = raised(cast), cast.actor(cast.alice)
        seen = [Ticket.objects.get().waiting_since]
        actions.note(ticket=ticket, text="n", actor=alice, now=LATER)
        seen.append(Ticket.objects.get().waiting_since)
        actions.reply(ticket=ticket, text="r", actor=alice, now=LATER)
        seen.append(Ticket.objects.get().waiting_since)
        for hours in (2, 3):
            at = NOON + timedelta(hours=hours)
            actions.reply(ticket=ticket, text="?", actor=cast.actor(cast.rachel), now=at)
        seen.append(Ticket.objects.get().waiting_since)
        actions.solve(ticket=ticket, actor=alice, now=at)
        seen.append(Ticket.objects.get().waiting_since)
        actions.reopen(ticket=ticket, actor=cast.actor(cast.rachel), now=at + timedelta(hours=1))
        seen.append(Ticket.objects.get().waiting_since)

        two, four = NOON + timedelta(hours=2), NOON + timedelta(hours=4)
        assert seen == [NOON, NOON, None, two, None, four]
