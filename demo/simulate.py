"""Play scripts into rows, as the desk's actions would have left them.

Each verb here mirrors one of apps.tickets.actions; tests/demo/test_rows.py plays the same scripts
through the actions and finds the same rows. What has been delivered and pruned by then (deliveries,
mail) is not made: the demo is a desk with a past.
"""

from __future__ import annotations

import functools
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest

from apps.events import journal
from apps.events.facts import Fact
from apps.events.models import Event
from apps.kernel import markup, references
from apps.kernel.actors import SYSTEM, Actor
from apps.tickets import events
from apps.tickets.files import StoredFile
from apps.tickets.models import (
    Attachment,
    Channel,
    Link,
    Message,
    Participant,
    Ticket,
    TicketTag,
)
from apps.tickets.statuses import REOPENED_BY_REPLY, StatusCategory
from demo import script as verbs
from demo.happened import Happened, Kind, place
from demo.rows import Writer
from demo.threads import Thread
from demo.world import LEVELS, World

C = StatusCategory
_render = functools.lru_cache(maxsize=5_000)(markup.render)


@dataclass(slots=True)
class Simulation:
    """Plays scripts one after the other and holds what they made until `settle` hands it over.

    `store` keeps a picture of the demo and says where; it is called once per attachment.
    """

    world: World
    writer: Writer
    seed: int
    store: Callable[[str], StoredFile]
    first_id: int
    tickets: list[Ticket] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    touched: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    watchers: dict[int, list[int]] = field(default_factory=dict)  # users by ticket
    tagged: set[tuple[int, int]] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)  # tickets with a public word from staff
    thread: Thread = field(default_factory=lambda: Thread(""))  # of the ticket that is played
    rng: random.Random = field(default_factory=random.Random)
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)

    def settle(self) -> None:
        """Give everything its id in the order of time, and leave it to the writer."""
        for ticket in self.tickets:
            count, latest = self.touched.pop(ticket.pk, (0, ticket.updated_at))
            ticket.version += count
            ticket.updated_at = max(ticket.updated_at, latest)
            self.writer.add(ticket)
        for message in sorted(self.messages, key=lambda m: m.created_at):
            message.pk = self.writer.next_id(Message)
            self.writer.add(message)
        for attachment in sorted(self.attachments, key=lambda a: a.message.pk):
            attachment.pk = self.writer.next_id(Attachment)
            attachment.message_id = attachment.message.pk
            self.writer.add(attachment)
        for happened in sorted(self.happened, key=lambda h: h.at):
            self.writer.add(
                journal.past_event(
                    happened.fact(),
                    pk=self.writer.next_id(Event),
                    actor=self.actor(happened.actor),
                    at=happened.at,
                    correlation_id=happened.correlation,
                )
            )
        for held in (self.tickets, self.messages, self.attachments, self.happened):
            held.clear()
        self.writer.flush()

    def touch_survivors(self) -> None:
        """What merges did to tickets that were stored before."""
        for pk, (count, latest) in self.touched.items():
            Ticket.objects.filter(pk=pk).update(
                version=F("version") + count, updated_at=Greatest("updated_at", Value(latest))
            )
        self.touched.clear()

    # What a ticket goes through

    def play(self, told: verbs.TicketScript) -> None:
        self.rng.seed(f"{self.seed}:{told.index}")
        self._next_action()
        ticket = self._raise(told)
        self.tickets.append(ticket)
        for step in told.steps:
            self._next_action()
            _VERBS[type(step)](self, ticket, step, told.raised_at + step.after)

    def _raise(self, told: verbs.TicketScript) -> Ticket:
        world, category = self.world, self.world.categories[told.category]
        impact, urgency = LEVELS[told.impact], LEVELS[told.urgency]
        ticket = Ticket(
            pk=self.first_id + told.index,
            ref=self._ref(),
            subject=told.subject,
            status=world.statuses["new"],
            status_category=C.NEW,
            impact=impact,
            urgency=urgency,
            priority=world.matrix[impact, urgency],
            requester_id=world.people[told.requester],
            organisation_id=world.organisation_of[told.requester],
            team_id=category.team_id,
            category=category,
            custom=told.custom,
            channel=told.channel,
            raised_at=told.raised_at,
            updated_at=told.raised_at,
            waiting_since=told.raised_at,
        )
        self.thread = Thread(ticket.ref)
        message = self._message(
            ticket,
            told.raised_by,
            told.body,
            told.attachments,
            told.raised_at,
            kind=Kind("public", "in", told.channel),
        )
        for tag in told.tags:
            self._tag_row(ticket, tag)
        self._record(
            lambda: events.TicketRaised(
                subject=events.subject_of(ticket.pk),
                message_id=message.pk,
                requester_id=ticket.requester_id,
                organisation_id=ticket.organisation_id,
                category_id=category.pk,
                team_id=category.team_id,
                priority=world.matrix[impact, urgency],
                channel=told.channel,
            ),
            told.raised_by,
            told.raised_at,
        )
        return ticket

    def take(self, ticket: Ticket, step: verbs.Take, at: datetime) -> None:
        team_id, mine = ticket.team_id, self.world.teams_of[step.actor]
        if team_id is None or team_id not in mine:
            team_id = min(mine, default=None)
        self._hand_over(ticket, team_id, self.world.people[step.actor], step.actor, at)
        if ticket.status_category == C.NEW:
            self._move(ticket, "open", step.actor, at)

    def assign(self, ticket: Ticket, step: verbs.Assign, at: datetime) -> None:
        team_id = self.world.teams[step.team] if step.team else ticket.team_id
        self._hand_over(ticket, team_id, self.world.people[step.to], step.actor, at)

    def reply(self, ticket: Ticket, step: verbs.Reply, at: datetime) -> None:
        inward = step.actor not in self.world.staff
        kind = Kind("public", "in" if inward else "out", Channel.PORTAL)
        message = self._message(ticket, step.actor, step.text, step.attachments, at, kind=kind)
        self._record_message(message, step.actor, at)
        ticket.waiting_since = (ticket.waiting_since or at) if inward else None
        waits = inward and ticket.status_category in REOPENED_BY_REPLY
        if waits or (not inward and ticket.status_category == C.NEW):
            self._move(ticket, "open", step.actor, at, by_reply=True)
        else:
            _touch(ticket, at)

    def note(self, ticket: Ticket, step: verbs.Note, at: datetime) -> None:
        kind = Kind("internal", "out", Channel.AGENT)
        message = self._message(ticket, step.actor, step.text, (), at, kind=kind)
        self._record_message(message, step.actor, at)
        _touch(ticket, at)

    def change_status(self, ticket: Ticket, step: verbs.ChangeStatus, at: datetime) -> None:
        self._move(ticket, step.to, step.actor, at, until=step.until)

    def prioritise(self, ticket: Ticket, step: verbs.Prioritise, at: datetime) -> None:
        wanted = LEVELS[step.impact], LEVELS[step.urgency]
        if wanted == (ticket.impact, ticket.urgency):
            return
        before = ticket.priority
        ticket.impact, ticket.urgency = wanted
        ticket.priority = ticket.priority_override or self.world.matrix[wanted]
        self._record_priority(ticket, before, step.actor, at)

    def override(self, ticket: Ticket, step: verbs.OverridePriority, at: datetime) -> None:
        if (ticket.priority_override, ticket.override_reason) == (step.priority, step.reason):
            return
        before = ticket.priority
        ticket.priority = ticket.priority_override = step.priority
        ticket.override_reason = step.reason
        self._record_priority(ticket, before, step.actor, at)

    def categorise(self, ticket: Ticket, step: verbs.Categorise, at: datetime) -> None:
        category, before = self.world.categories[step.category], ticket.category_id
        if category.pk == before:
            return
        known = self.world.fields_of[step.category]
        ticket.category = category
        ticket.custom = {key: value for key, value in ticket.custom.items() if key in known}
        _touch(ticket, at)
        fact = events.TicketCategorised(
            subject=events.subject_of(ticket.pk), category_from=before, category_to=category.pk
        )
        self._record(lambda: fact, step.actor, at)
        if category.team_id is not None and ticket.assignee_id is None:
            self._hand_over(ticket, category.team_id, None, step.actor, at)

    def tag(self, ticket: Ticket, step: verbs.Tag, at: datetime) -> None:
        if not self._tag_row(ticket, step.add):
            return
        _touch(ticket, at)
        fact = events.TicketUpdated(
            subject=events.subject_of(ticket.pk), changed=("tags",), tags_added=(step.add,)
        )
        self._record(lambda: fact, step.actor, at)

    def watch(self, ticket: Ticket, step: verbs.Watch, at: datetime) -> None:
        user_id = self.world.people[step.user]
        source = Participant.Source.REQUESTER
        if step.user == step.actor:
            source = Participant.Source.SELF
        elif step.actor in self.world.staff:
            source = Participant.Source.AGENT
        if not self._participant(ticket.pk, user_id, source, step.actor, at):
            return
        _touch(ticket, at)
        fact = events.TicketUpdated(
            subject=events.subject_of(ticket.pk), changed=("watchers",), watchers_added=(user_id,)
        )
        self._record(lambda: fact, step.actor, at)

    def merge(self, ticket: Ticket, step: verbs.Merge, at: datetime) -> None:
        survivor_id = self.first_id + step.into
        ticket.status_before_merge = ticket.status
        ticket.merged_into_id = survivor_id
        ticket.status, ticket.status_category = self.world.statuses["merged"], C.MERGED
        _touch(ticket, at)
        count, latest = self.touched.get(survivor_id, (0, at))
        self.touched[survivor_id] = count + 1, max(latest, at)
        source = Participant.Source.MERGE
        for user_id in self.watchers.get(ticket.pk, ()):
            self._participant(survivor_id, user_id, source, step.actor, at, came_with=ticket.pk)
        fact = events.TicketMerged(subject=events.subject_of(ticket.pk), survivor_id=survivor_id)
        self._record(lambda: fact, step.actor, at)

    def link(self, ticket: Ticket, step: verbs.Link, at: datetime) -> None:
        target = self.first_id + step.to
        self.writer.add(
            Link(
                pk=self.writer.next_id(Link), source_id=ticket.pk, target_id=target, kind=step.kind
            )
        )
        fact = events.TicketLinked(
            subject=events.subject_of(ticket.pk), target_id=target, kind=step.kind
        )
        self._record(lambda: fact, step.actor, at)

    # What the verbs share

    def _next_action(self) -> None:
        self.correlation = uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def _ref(self) -> str:
        return references.ref_from(self.rng.getrandbits(80))

    def _hand_over(
        self, ticket: Ticket, team_id: int | None, assignee_id: int | None, actor: str, at: datetime
    ) -> None:
        before = ticket.team_id, ticket.assignee_id
        if before == (team_id, assignee_id):
            return
        ticket.team_id, ticket.assignee_id = team_id, assignee_id
        _touch(ticket, at)
        fact = events.TicketAssigned(
            subject=events.subject_of(ticket.pk),
            team_from=before[0],
            team_to=team_id,
            assignee_from=before[1],
            assignee_to=assignee_id,
        )
        self._record(lambda: fact, actor, at)

    def _move(
        self,
        ticket: Ticket,
        slug: str,
        actor: str,
        at: datetime,
        *,
        until: datetime | None = None,
        by_reply: bool = False,
    ) -> None:
        before, status = ticket.status, self.world.statuses[slug]
        if before.slug == slug and ticket.scheduled_until == until:
            return
        place(ticket, status, at, until)
        if (before.category, status.category) == (C.RESOLVED, C.OPEN):
            ticket.waiting_since = ticket.waiting_since or at
        _touch(ticket, at)
        subject = events.subject_of(ticket.pk)
        changed = events.TicketStatusChanged(
            subject=subject,
            status_from=before.slug,
            status_to=slug,
            category_from=before.category,
            category_to=status.category,
        )
        self._record(lambda: changed, actor, at)
        if (before.category, status.category) == (C.RESOLVED, C.OPEN):
            self._record(
                lambda: events.TicketReopened(subject=subject, by_reply=by_reply), actor, at
            )
        if status.category == C.CLOSED:
            automatic = actor == verbs.SYSTEM
            self._record(
                lambda: events.TicketClosed(subject=subject, automatic=automatic), actor, at
            )

    def _message(
        self,
        ticket: Ticket,
        author: str,
        text: str,
        pictures: tuple[str, ...],
        at: datetime,
        *,
        kind: Kind,
    ) -> Message:
        source = text.strip()
        message = Message(
            ticket_id=ticket.pk,
            author_id=self.world.people[author],
            visibility=kind.visibility,
            direction=kind.direction,
            channel=kind.channel,
            source=source,
            form="markdown",
            html=_render(source, "markdown"),
            sanitiser_version=markup.SANITISER_VERSION,
            **self.thread.add(self.rng.getrandbits(62) + 1, is_public=kind.visibility == "public"),
            created_at=at,
        )
        self.messages.append(message)
        for name in pictures:
            self._attach(ticket, message, self.store(name), author, at)
        return message

    def _attach(
        self, ticket: Ticket, message: Message, stored: StoredFile, author: str, at: datetime
    ) -> None:
        row = Attachment(
            ref=self._ref(),
            message=message,
            key=stored.key,
            name=stored.name,
            content_type=stored.content_type,
            size=stored.size,
            sha256=stored.sha256,
            scan=stored.scan,
            finding=stored.finding,
        )
        self.attachments.append(row)
        self._record(
            lambda: events.AttachmentUploaded(
                subject=events.subject_of(ticket.pk),
                attachment_id=row.pk,
                message_id=message.pk,
                content_type=stored.content_type,
                size=stored.size,
                scan=stored.scan,
            ),
            author,
            at,
        )

    def _tag_row(self, ticket: Ticket, name: str) -> bool:
        pair = ticket.pk, self.world.tags[name]
        if pair in self.tagged:
            return False
        self.tagged.add(pair)
        row = TicketTag(pk=self.writer.next_id(TicketTag), ticket_id=ticket.pk, tag_id=pair[1])
        self.writer.add(row)
        return True

    def _participant(
        self,
        ticket_id: int,
        user_id: int,
        source: Participant.Source,
        actor: str,
        at: datetime,
        *,
        came_with: int | None = None,
    ) -> bool:
        watchers = self.watchers.setdefault(ticket_id, [])
        if user_id in watchers:
            return False
        watchers.append(user_id)
        self.writer.add(
            Participant(
                pk=self.writer.next_id(Participant),
                ticket_id=ticket_id,
                user_id=user_id,
                source=source,
                added_by_id=self.world.people[actor],
                added_at=at,
                came_with_id=came_with,
            )
        )
        return True

    def _record_message(self, message: Message, actor: str, at: datetime) -> None:
        is_answer = (message.visibility, message.direction) == ("public", "out")
        is_first_reply = is_answer and message.ticket_id not in self.answered
        if is_answer:
            self.answered.add(message.ticket_id)
        self._record(
            lambda: events.MessageAdded(
                subject=events.subject_of(message.ticket_id),
                message_id=message.pk,
                author_id=message.author_id,
                visibility=message.visibility,
                direction=message.direction,
                channel=message.channel,
                is_first_reply=is_first_reply,
            ),
            actor,
            at,
        )

    def _record_priority(self, ticket: Ticket, before: int, actor: str, at: datetime) -> None:
        _touch(ticket, at)
        fact = events.TicketPrioritised(
            subject=events.subject_of(ticket.pk),
            priority_from=before,
            priority_to=ticket.priority,
            impact=ticket.impact,
            urgency=ticket.urgency,
            override=ticket.priority_override,
            is_major_incident=False,
        )
        self._record(lambda: fact, actor, at)

    def _record(self, fact: Callable[[], Fact], actor: str, at: datetime) -> None:
        self.happened.append(Happened(fact, actor, at, self.correlation))

    def actor(self, key: str) -> Actor:
        return SYSTEM if key == verbs.SYSTEM else Actor("person", self.world.people[key])


def _touch(ticket: Ticket, at: datetime) -> None:
    ticket.version += 1
    ticket.updated_at = at


_VERBS: Mapping[type[Any], Callable[[Simulation, Ticket, Any, datetime], None]] = {
    verbs.Take: Simulation.take,
    verbs.Assign: Simulation.assign,
    verbs.Reply: Simulation.reply,
    verbs.Note: Simulation.note,
    verbs.ChangeStatus: Simulation.change_status,
    verbs.Prioritise: Simulation.prioritise,
    verbs.OverridePriority: Simulation.override,
    verbs.Categorise: Simulation.categorise,
    verbs.Tag: Simulation.tag,
    verbs.Watch: Simulation.watch,
    verbs.Merge: Simulation.merge,
    verbs.Link: Simulation.link,
}
