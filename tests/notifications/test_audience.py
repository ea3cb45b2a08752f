from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.facts import Fact
from apps.notifications.audience import Situation, audience
from apps.notifications.kinds import Kind
from apps.tickets import events

REQUESTER, ASSIGNEE, MATE, WATCHER, STAFF_WATCHER = 1, 2, 3, 4, 5
ASSIGNED = Situation(
    requester=REQUESTER,
    assignee=ASSIGNEE,
    team=frozenset({ASSIGNEE, MATE}),
    watchers=frozenset({WATCHER, STAFF_WATCHER}),
    addresses=frozenset({"dad@example.net"}),
    staff=frozenset({ASSIGNEE, MATE, STAFF_WATCHER}),
)
FREE = Situation(
    requester=REQUESTER,
    assignee=None,
    team=frozenset({ASSIGNEE, MATE}),
    watchers=frozenset(),
    addresses=frozenset(),
    staff=frozenset({ASSIGNEE, MATE}),
)
T = "ticket:1"


def added(direction: str, visibility: str = "public") -> events.MessageAdded:
    return events.MessageAdded(
        subject=T,
        message_id=1,
        author_id=None,
        visibility=visibility,
        direction=direction,
        channel="portal",
    )


def status(to: str) -> events.TicketStatusChanged:
    return events.TicketStatusChanged(
        subject=T, status_from="a", status_to="b", category_from="open", category_to=to
    )


RAISED = events.TicketRaised(
    subject=T, message_id=1, requester_id=REQUESTER, organisation_id=None, category_id=None,
    team_id=1, priority=3, channel="portal",
)  # fmt: skip
TAKEN = events.TicketAssigned(
    subject=T, team_from=None, team_to=1, assignee_from=None, assignee_to=ASSIGNEE
)
SOLVED = status("resolved")
MERGED = events.TicketMerged(subject=T, survivor_id=2)
EVERYBODY = {REQUESTER, ASSIGNEE, WATCHER, STAFF_WATCHER, "dad@example.net"}


@pytest.mark.parametrize(
    ("fact", "on", "actor", "hears"),
    [
        (RAISED, FREE, REQUESTER, {REQUESTER: Kind.RECEIVED, ASSIGNEE: Kind.NEW, MATE: Kind.NEW}),
        (RAISED, FREE, MATE, {REQUESTER: Kind.RECEIVED, ASSIGNEE: Kind.NEW}),
        (added("out"), ASSIGNED, ASSIGNEE, dict.fromkeys(EVERYBODY - {ASSIGNEE}, Kind.REPLY)),
        (added("in"), ASSIGNED, REQUESTER, dict.fromkeys(EVERYBODY - {REQUESTER}, Kind.REPLY)),
        (added("in"), FREE, REQUESTER, {ASSIGNEE: Kind.REPLY, MATE: Kind.REPLY}),
        (added("out", "internal"), ASSIGNED, ASSIGNEE, {STAFF_WATCHER: Kind.NOTE}),
        (added("out", "internal"), ASSIGNED, MATE, {ASSIGNEE: Kind.NOTE, STAFF_WATCHER: Kind.NOTE}),
        (TAKEN, ASSIGNED, ASSIGNEE, {}),
        (TAKEN, ASSIGNED, MATE, {ASSIGNEE: Kind.ASSIGNED}),
        (
            status("resolved"),
            ASSIGNED,
            ASSIGNEE,
            dict.fromkeys(EVERYBODY - {ASSIGNEE}, Kind.SOLVED),
        ),
        (status("pending"), ASSIGNED, ASSIGNEE, {}),
        (MERGED, ASSIGNED, ASSIGNEE, dict.fromkeys(EVERYBODY - {ASSIGNEE}, Kind.MERGED)),
        (events.TicketUpdated(subject=T, changed=("tags",)), ASSIGNED, ASSIGNEE, {}),
    ],
)
def test_who_hears_what(fact: Fact, on: Situation, actor: int, hears: dict[Any, Kind]) -> None:
    notices = audience(fact, on, actor=actor)

    told = {notice.user or notice.address: notice.kind for notice in notices}
    assert told == hears
    assert len(notices) == len(told)


PEOPLE = st.integers(1, 6)
SITUATIONS = st.builds(
    Situation,
    requester=PEOPLE,
    assignee=st.none() | PEOPLE,
    team=st.frozensets(PEOPLE),
    watchers=st.frozensets(PEOPLE),
    addresses=st.frozensets(st.sampled_from(["a@x.example", "b@x.example"])),
    staff=st.frozensets(PEOPLE),
)
FACTS = st.sampled_from(
    [RAISED, TAKEN, MERGED, added("in"), added("out"), added("out", "internal"), status("resolved")]
)


@given(FACTS, SITUATIONS, PEOPLE)
def test_nobody_hears_twice_nor_of_what_they_did(fact: Fact, on: Situation, actor: int) -> None:
    notices = audience(fact, on, actor=actor)

    heard = [(notice.user, notice.address) for notice in notices]
    assert len(heard) == len(set(heard))
    assert all(n.user != actor or n.kind == Kind.RECEIVED for n in notices)


@given(SITUATIONS, PEOPLE)
def test_notes_reach_staff_alone(on: Situation, actor: int) -> None:
    notices = audience(added("out", "internal"), on, actor=actor)

    assert all(notice.user in on.staff | {on.assignee} for notice in notices)
