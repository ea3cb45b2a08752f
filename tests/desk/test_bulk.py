"""Many tickets at once: each by the domain's verb, what is refused leaves the others done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.desk import bulk
from apps.desk.errors import BulkSizeError, BulkVerbError
from apps.kernel.actors import Actor
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import LATER, raised, standing

pytestmark = pytest.mark.django_db


def state(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("take", {"assignee__name": "Lena", "status_category": "open"}),
        ("assign:alice", {"assignee__name": "Alice", "team__name": "Cards"}),
        ("team:payments", {"team__name": "Payments"}),
        ("status:open", {"status_category": "open"}),
        ("priority:1", {"priority": 1}),
        ("priority:2", {"priority": 2}),
        ("category:lost_card", {"category__slug": "lost-card", "team__name": "Cards"}),
        ("tag:vip, eu", {"tags__name": "eu"}),
        ("solve", {"status_category": "resolved"}),
        ("close", {"status_category": "closed"}),
    ],
)
def test_each_verb_does_what_it_says(cast: Cast, what: str, changed: dict[str, Any]) -> None:
    tickets = [raised(cast), raised(cast)]
    verb, _, name = what.partition(":")
    row = getattr(cast, name, None)

    outcome = bulk.apply(
        [ticket.pk for ticket in tickets],
        f"{verb}:{row.pk}" if row is not None else what,
        actor=cast.actor(cast.lena),
        now=LATER,
    )

    assert outcome.refused == []
    assert Ticket.objects.filter(**changed).distinct().count() == 2


def test_what_is_refused_leaves_the_others_done(cast: Cast) -> None:
    good, closed, hidden = raised(cast), standing(cast, "closed"), raised(cast, team=cast.fraud)

    outcome = bulk.apply(
        [good.pk, closed.pk, hidden.pk, 987654],
        "solve",
        actor=cast.actor(cast.alice),
        now=LATER,
    )

    why = dict(outcome.refused)
    assert outcome.done == [good.pk]
    assert "closed can't become resolved" in why[closed.pk]
    assert why[hidden.pk] == why[987654]


def test_what_changed_since_one_looked_is_left_alone(cast: Cast) -> None:
    still, moved = raised(cast), raised(cast)
    actions.reply(ticket=moved, text="?", actor=cast.actor(cast.rachel), now=LATER)

    outcome = bulk.apply(
        [still.pk, moved.pk],
        "close",
        actor=cast.actor(cast.alice),
        now=LATER + timedelta(minutes=1),
        seen=NOON + timedelta(minutes=1),
    )

    assert outcome.done == [still.pk]
    assert [pk for pk, _ in outcome.refused] == [moved.pk]
    assert state(moved).status_category == "new"


@pytest.mark.parametrize(
    "what",
    [
        "take",
        "release",
        "assign:alice",
        "team:payments",
        "status:open",
        "priority:1",
        "priority:4",  # which it has
        "category:lost_card",
        "tag:vip",
        "untag:eu",
        "solve",
        "close",
        "merge:other",
    ],
)
def test_what_changes_between_the_look_and_the_verb_is_left_alone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ticket, other = raised(cast), raised(cast)
    prepare = bulk._verb

    def late(what: str, actor: Actor) -> bulk.Verb:
        verb = prepare(what, actor)

        def act(loaded: Ticket, actor: Actor, now: datetime) -> object:
            actions.edit(ticket=ticket, subject="Urgent!", actor=cast.actor(cast.bob), now=LATER)
            return verb(loaded, actor, now)

        return act

    monkeypatch.setattr(bulk, "_verb", late)
    verb, _, name = what.partition(":")
    row = other if name == "other" else getattr(cast, name, None)
    what = f"{verb}:{row.pk}" if row is not None else what

    outcome = bulk.apply([ticket.pk], what, actor=cast.actor(cast.lena), now=LATER)

    assert outcome.done == []
    assert outcome.refused == [(ticket.pk, str(bulk.ChangedMeanwhileError.message))]
    assert state(ticket).version == ticket.version  # in this test both changes are one transaction


def test_merges_the_others_into_one_of_them(cast: Cast) -> None:
    one, two, survivor = raised(cast), raised(cast), raised(cast)

    outcome = bulk.apply(
        [one.pk, survivor.pk, two.pk],
        f"merge:#{survivor.pk}",
        actor=cast.actor(cast.alice),
        now=LATER,
    )

    assert outcome.refused == []
    assert {state(one).merged_into_id, state(two).merged_into_id} == {survivor.pk}


@pytest.mark.parametrize("count", [0, bulk.MOST + 1])
def test_too_many_or_none_is_refused_as_a_whole(cast: Cast, count: int) -> None:
    with pytest.raises(BulkSizeError):
        bulk.apply(list(range(1, count + 1)), "take", actor=cast.actor(cast.alice), now=NOON)


@pytest.mark.parametrize(
    "what", ["", "dance", "take:1", "assign", "assign:x", "assign:987654", "team:0", "priority:9",
             "status:absent", "category:987654"],
)  # fmt: skip
def test_a_verb_that_says_nothing_is_refused(cast: Cast, what: str) -> None:
    ticket = raised(cast)

    with pytest.raises(BulkVerbError):
        bulk.apply([ticket.pk], what, actor=cast.actor(cast.alice), now=NOON)

    assert state(ticket).version == ticket.version


class TestTheForm:
    def test_works_without_javascript_and_comes_back(self, cast: Cast) -> None:
        ticket = raised(cast)
        back = "/admin/tickets/ticket/?view=unassigned"

        answer = client_of(cast.alice).post(
            "/admin/tickets/ticket/bulk/",
            {"ticket": [ticket.pk, "x"], "do": "apply", "change": "status:open", "next": back},
        )

        assert answer["Location"] == back
        assert state(ticket).status_category == "open"

    def test_never_leads_away_from_the_desk(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post(
            "/admin/tickets/ticket/bulk/",
            {"ticket": raised(cast).pk, "do": "take", "next": "https://evil.example/"},
        )

        assert answer["Location"] == "/admin/tickets/ticket/"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"do": "solve"}, "Solve: 2 tickets"),
        ({"do": "release"}, "Assign to nobody: 2 tickets"),
        ({"do": "apply", "change": "assign:alice"}, "Assign to Alice: 2 tickets"),
        ({"do": "team:payments"}, "Give to team Payments: 2 tickets"),
        ({"do": "status:pending"}, "Set status Pending: 2 tickets"),
        ({"do": "priority:1"}, "Set priority P1: 2 tickets"),
        ({"do": "category:lost_card"}, "Set category Lost card: 2 tickets"),
        ({"do": "tag", "typed": "vip, eu"}, "Add tags: vip, eu: 2 tickets"),
    ],
)
def test_says_what_was_done(cast: Cast, said: dict[str, str], told: str) -> None:
    chosen = [raised(cast).pk, raised(cast).pk]
    for key, text in said.items():
        verb, _, name = text.partition(":")
        row = getattr(cast, name, None)
        said = said | ({key: f"{verb}:{row.pk}"} if row is not None else {})

    page = client_of(cast.lena).post(
        "/admin/tickets/ticket/bulk/", said | {"ticket": chosen}, follow=True
    )

    assert [str(message) for message in page.context["messages"]] == [told]
