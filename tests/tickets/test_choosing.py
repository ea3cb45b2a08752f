"""The policies' arithmetic, whatever the team looks like."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from apps.tickets.assignment import Candidate, Choice, Policy, Reason, Verdict, choose

POLICIES = st.sampled_from([Policy.ROUND_ROBIN, Policy.LEAST_LOADED])


@st.composite
def teams(draw: st.DrawFn) -> list[Candidate]:
    ids = draw(st.lists(st.integers(1, 50), unique=True, max_size=8))
    return [
        Candidate(
            user_id=pk,
            availability=draw(st.sampled_from(["available", "available", "away", "off"])),
            load=draw(st.integers(0, 6)),
            capacity=draw(st.sampled_from([None, 1, 3, 5])),
            turn=draw(st.integers(0, 9)),
            may_work=draw(st.booleans() | st.just(True)),
            is_requester=draw(st.integers(0, 5)) == 0,
            gave_it_back=draw(st.integers(0, 5)) == 0,
        )
        for pk in ids
    ]


def able(one: Candidate) -> bool:
    has_room = one.capacity is None or one.load < one.capacity
    return (
        one.availability == "available"
        and has_room
        and one.may_work
        and not one.is_requester
        and not one.gave_it_back
    )


@given(POLICIES, teams())
def test_only_who_can_take_it_gets_it_and_somebody_does_if_anybody_can(
    policy: str, team: list[Candidate]
) -> None:
    choice = choose(policy, team)

    could = {one.user_id for one in team if able(one)}
    assert (choice.user_id in could) if could else (choice.user_id is None)
    assert (choice.reason == Reason.NOBODY) == (not could)


@given(POLICIES, teams(), st.randoms())
def test_the_order_in_which_they_come_changes_nothing(
    policy: str, team: list[Candidate], chance: random.Random
) -> None:
    shuffled = list(team)
    chance.shuffle(shuffled)

    assert choose(policy, shuffled) == choose(policy, team)


@given(POLICIES, teams())
def test_everybody_is_told_of_once_and_the_chosen_first(policy: str, team: list[Candidate]) -> None:
    choice = choose(policy, team)

    told = [one.user_id for one in choice.considered]
    assert sorted(told) == sorted(one.user_id for one in team)
    chosen = [one.user_id for one in choice.considered if one.verdict == Verdict.CHOSEN]
    assert chosen == ([choice.user_id] if choice.user_id is not None else [])
    assert choice.user_id is None or told[0] == choice.user_id


@given(teams())
def test_least_loaded_never_picks_one_who_has_more(team: list[Candidate]) -> None:
    choice = choose(Policy.LEAST_LOADED, team)

    loads = {one.user_id: one.load for one in team if able(one)}
    assert choice.user_id is None or loads[choice.user_id] == min(loads.values())


def give(team: list[Candidate], policy: str) -> Choice:
    """One ticket, and what it leaves behind in the team."""
    choice = choose(policy, team)
    last = max((one.turn for one in team), default=0)
    for place, one in enumerate(team):
        if one.user_id == choice.user_id:
            team[place] = replace(one, load=one.load + 1, turn=last + 1)
    return choice


@given(st.integers(1, 7), st.integers(0, 60), st.lists(st.integers(0, 9), min_size=7, max_size=7))
def test_in_turn_nobody_gets_two_more_than_another(
    people: int, tickets: int, turns: list[int]
) -> None:
    team = [Candidate(user_id=n, turn=turns[n]) for n in range(people)]

    got = [give(team, Policy.ROUND_ROBIN).user_id for _ in range(tickets)]

    shares = [got.count(one.user_id) for one in team]
    assert max(shares) - min(shares) <= 1


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6), st.integers(0, 40))
def test_least_loaded_levels_the_loads(loads: list[int], tickets: int) -> None:
    team = [Candidate(user_id=n, load=load) for n, load in enumerate(loads)]
    before = max(loads)

    for _ in range(tickets):
        give(team, Policy.LEAST_LOADED)

    after = [one.load for one in team]
    assert max(after) <= max(before, min(after) + 1)
    assert sum(after) == sum(loads) + tickets
