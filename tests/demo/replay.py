"""Play the demo's scripts through the desk's own actions, one after the other in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.accounts.access import actor_for
from apps.accounts.models import Team, User
from apps.kernel.actors import SYSTEM, Actor
from apps.tickets import actions
from apps.tickets.models import Category, Status, Ticket
from demo import script as verbs
from demo.load import store_picture
from demo.script import TicketScript
from demo.world import LEVELS, World


class Replay:
    def __init__(self, world: World) -> None:
        self.world = world
        self.tickets: dict[int, int] = {}

    def play(self, scripts: Iterable[TicketScript]) -> None:
        moments: list[tuple[datetime, int, TicketScript, Any]] = []
        for told in scripts:
            moments.append((told.raised_at, told.index, told, None))
            moments.extend(
                (told.raised_at + step.after, told.index, told, step) for step in told.steps
            )
        for at, index, told, step in sorted(moments, key=lambda moment: moment[:2]):
            if step is None:
                self.tickets[index] = self._raise(told)
            else:
                ticket = Ticket.objects.get(pk=self.tickets[index])
                self._act(ticket, step, at)

    def _user(self, key: str) -> User:
        return User.objects.select_related("organisation").get(pk=self.world.people[key])

    def _actor(self, key: str) -> Actor:
        return SYSTEM if key == verbs.SYSTEM else actor_for(self._user(key))

    def _raise(self, told: TicketScript) -> int:
        return actions.raise_ticket(
            requester=self._user(told.requester),
            subject=told.subject,
            text=told.body,
            category=Category.objects.get(slug=told.category),
            impact=LEVELS[told.impact],
            urgency=LEVELS[told.urgency],
            custom=told.custom,
            channel=told.channel,
            tags=told.tags,
            attachments=[store_picture(name) for name in told.attachments],
            actor=self._actor(told.raised_by),
            now=told.raised_at,
        ).pk

    def _act(self, ticket: Ticket, step: Any, now: datetime) -> None:
        common: dict[str, Any] = {"ticket": ticket, "actor": self._actor(step.actor), "now": now}
        match step:
            case verbs.Take():
                actions.take(**common)
            case verbs.Assign():
                team = ticket.team
                if step.team:
                    team = Team.objects.get(pk=self.world.teams[step.team])
                actions.assign(team=team, assignee=self._user(step.to), **common)
            case verbs.Reply():
                kept = [store_picture(name) for name in step.attachments]
                actions.reply(text=step.text, attachments=kept, **common)
            case verbs.Note():
                actions.note(text=step.text, **common)
            case verbs.ChangeStatus():
                self._change_status(ticket, step, now)
            case verbs.Prioritise():
                impact, urgency = LEVELS[step.impact], LEVELS[step.urgency]
                actions.prioritise(impact=impact, urgency=urgency, **common)
            case verbs.OverridePriority():
                actions.override_priority(priority=step.priority, reason=step.reason, **common)
            case verbs.Categorise():
                category = Category.objects.get(slug=step.category)
                actions.categorise(category=category, **common)
            case verbs.Tag():
                actions.tag(add=[step.add], **common)
            case verbs.Watch():
                actions.watch(user=self._user(step.user), **common)
            case verbs.Merge():
                survivor = Ticket.objects.get(pk=self.tickets[step.into])
                actions.merge(survivor=survivor, **common)
            case verbs.Link():
                target = Ticket.objects.get(pk=self.tickets[step.to])
                actions.link(target=target, kind=step.kind, **common)
            case _:
                raise AssertionError(step)

    def _change_status(self, ticket: Ticket, step: verbs.ChangeStatus, now: datetime) -> None:
        actor = self._actor(step.actor)
        if step.actor == verbs.SYSTEM and step.to == "closed":
            actions.close(ticket=ticket, actor=actor, now=now, unchanged_since=now)
        elif step.actor == verbs.SYSTEM and step.to == "open":
            actions.wake(ticket=ticket, actor=actor, now=now)
        else:
            status = Status.objects.get(slug=step.to)
            actions.change_status(
                ticket=ticket, status=status, until=step.until, actor=actor, now=now
            )
