"""The demo's stories: the same for the same seed, and allowed by the desk's own rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.tickets.statuses import StatusCategory
from demo.scenario import (
    RuleBrokenError,
    audience,
    load_desk,
    people,
    scripts,
    standing,
    validate,
)
from demo.script import Take

END = datetime(2026, 11, 20, 17, tzinfo=UTC)


def test_the_same_seed_tells_the_same_stories() -> None:
    desk = load_desk()

    first, second, other = (
        list(scripts(desk, tickets=80, seed=seed, end=END)) for seed in (1, 1, 2)
    )

    assert first == second
    assert first != other


def test_a_part_of_it_is_the_same_part() -> None:
    desk = load_desk()
    whole = list(scripts(desk, tickets=90, seed=3, end=END))

    part = list(scripts(desk, tickets=90, seed=3, end=END, start=30, stop=60))

    assert part == whole[30:60]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_story_keeps_the_desks_rules(seed: int) -> None:
    desk = load_desk()
    told = list(scripts(desk, tickets=300, seed=seed, end=END))

    for script in told:
        validate(script, desk)
    moments = [script.raised_at for script in told]
    assert moments == sorted(moments)
    assert all(s.raised_at + step.after <= END for s in told for step in s.steps)


def test_a_broken_story_is_found() -> None:
    desk = load_desk()
    (told,) = scripts(desk, tickets=1, seed=1, end=END)

    for broken in (
        replace(told, subject=""),
        replace(told, tags=("no-such-tag",)),
        replace(told, steps=(Take(timedelta(1), "nobody"), *told.steps)),
    ):
        with pytest.raises((RuleBrokenError, KeyError)):
            validate(broken, desk)


def test_a_few_hundred_tickets_stand_in_every_state() -> None:
    desk = load_desk()
    told = list(scripts(desk, tickets=300, seed=1, end=END))

    stands = {standing(script, desk).status.replace("-", "_") for script in told}

    assert stands == {category.value for category in StatusCategory}
    weeks = {(END - script.raised_at) // timedelta(days=7) for script in told}
    assert len(weeks) >= 3


def test_who_may_sign_in_is_there() -> None:
    desk = load_desk()
    known = {person.key for person in people(desk, count=audience(10))}

    assert {entry.person for entry in desk.sign_ins} <= known
    assert len({entry.label for entry in desk.sign_ins}) == 5
