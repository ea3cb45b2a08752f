"""The demo's bulk loader leaves the rows that the actions would have made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Organisation, Team, User
from apps.events.models import Event
from apps.tickets import actions
from apps.tickets.models import (
    Attachment,
    Category,
    Link,
    Message,
    Participant,
    Tag,
    Ticket,
    TicketTag,
)
from demo import world as worlds
from demo.load import NotEmptyError, load
from demo.rows import Writer
from demo.scenario import audience, load_desk, people, scripts
from tests.cast import Cast
from tests.demo.replay import Replay

END = datetime(2026, 11, 20, 17, tzinfo=UTC)
TICKETS = 150

pytestmark = pytest.mark.django_db


def _picture() -> dict[str, list[Any]]:
    """Everything that the tickets are, without what is random or counted by the database."""
    numbers = Ticket.objects.order_by("pk").values_list("pk", flat=True)
    number = {pk: place for place, pk in enumerate(numbers)}
    place = {
        pk: (number[ticket], at)
        for pk, ticket, at in Message.objects.values_list("pk", "ticket_id", "created_at")
    }
    uploads = {
        pk: (place[message], name)
        for pk, message, name in Attachment.objects.values_list("pk", "message_id", "name")
    }
    named: dict[str, Any] = {"ticket_id": number, "merged_into_id": number, "source_id": number}
    named |= {"target_id": number, "survivor_id": number, "came_with_id": number, "id": number}
    named |= {"message_id": place, "attachment_id": uploads}

    # Sequences go on after a rollback, so what the two worlds have in common are names.
    people: dict[int | None, str] = dict(User.objects.values_list("pk", "email"))
    teams = dict(Team.objects.values_list("pk", "name"))
    categories = dict(Category.objects.values_list("pk", "slug"))
    for keys, names in (
        (("requester_id", "assignee_id", "author_id", "added_by_id", "user_id"), people),
        (("assignee_from", "assignee_to", "watchers_added", "watchers_removed"), people),
        (("team_id", "team_from", "team_to"), teams),
        (("category_id", "category_from", "category_to"), categories),
        (("organisation_id",), dict(Organisation.objects.values_list("pk", "name"))),
        (("tag_id",), dict(Tag.objects.values_list("pk", "name"))),
    ):
        named |= dict.fromkeys(keys, names)

    def rename(row: dict[str, Any]) -> dict[str, Any]:
        return {key: _renamed(value, named.get(key, {})) for key, value in row.items()}

    def rows(model: Any, *without: str) -> list[Any]:
        found = [
            {k: v for k, v in rename(row).items() if k not in without}
            for row in model.objects.values()
        ]
        return sorted(found, key=repr)

    facts = [
        (number[int(event.subject.partition(":")[2])], event.name, event.version,
         event.actor_kind, people.get(event.actor_id), event.depth, event.occurred_at,
         rename(event.data))
        for event in Event.objects.filter(subject__startswith="ticket:").order_by("id")
    ]  # fmt: skip
    return {
        "tickets": rows(Ticket, "ref"),
        "messages": rows(Message, "id", "message_id", "in_reply_to", "references"),  # random
        "attachments": rows(Attachment, "id", "ref", "key"),
        "participants": rows(Participant, "id"),
        "links": rows(Link, "id"),
        "tags": rows(TicketTag, "id"),
        "facts": sorted(facts, key=lambda fact: (fact[0], fact[6])),
    }


def _renamed(value: Any, names: dict[int, Any]) -> Any:
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, int) else value


def _replayed(seed: int) -> dict[str, list[Any]]:
    desk, writer = load_desk(), Writer()
    world = worlds.build(desk)
    worlds.bring_in(world, people(desk, count=audience(TICKETS)), writer, since=END)
    writer.finish()
    Replay(world).play(scripts(desk, tickets=TICKETS, seed=seed, end=END))
    return _picture()


def _loaded(seed: int) -> dict[str, list[Any]]:
    with transaction.atomic():
        load(tickets=TICKETS, seed=seed, end=END, told=print)
        picture = _picture()
        transaction.set_rollback(True)
    return picture


@pytest.mark.parametrize("seed", [1, 2])
def test_leaves_the_rows_that_the_actions_make(seed: int) -> None:
    loaded, replayed = _loaded(seed), _replayed(seed)

    for table, rows in loaded.items():
        assert rows == replayed[table], table


def test_is_refused_where_there_are_tickets() -> None:
    load(tickets=3, seed=1, end=END, told=print)

    with pytest.raises(NotEmptyError):
        load(tickets=3, seed=1, end=END, told=print)


def test_numbers_go_on_after_it(cast: Cast) -> None:
    load(tickets=5, seed=1, end=END, told=print)

    ticket = actions.raise_ticket(
        requester=cast.rachel,
        subject="One more",
        text="Hello",
        actor=cast.actor(cast.rachel),
        now=END,
    )

    assert ticket.pk == max(Ticket.objects.values_list("pk", flat=True))


def test_a_chunk_more_or_less_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _loaded(3)

    monkeypatch.setattr("demo.load.CHUNK", 40)

    assert _loaded(3) == whole
