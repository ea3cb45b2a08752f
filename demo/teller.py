"""Tells one ticket's story verb by verb, and keeps track of where that leaves the ticket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from demo.customers import first_name_of
from demo.desk import Category, Desk, Level
from demo.rhythm import HOUR, Rhythm
from demo.script import (
    SYSTEM,
    Assign,
    Categorise,
    ChangeStatus,
    Note,
    OverridePriority,
    Prioritise,
    Reply,
    Step,
    Tag,
    Take,
    Target,
    Watch,
)
from demo.words import letter

T = TypeVar("T")

_LATE_SHIFT = 0.04  # of what agents do happens outside their hours
_REOPENED = frozenset({"pending", "on-hold", "scheduled", "resolved"})


def first_name(desk: Desk, key: str) -> str:
    person = desk.people.get(key)
    return person.first_name if person else first_name_of(desk, int(key[1:]))


class Teller:
    """Steps are left out from the moment at which the demo ends: the ticket stays as it is."""

    __slots__ = (
        "agent", "category", "customer", "desk", "draw", "greeted", "intent", "now", "owner",
        "raised", "requester", "rhythm", "status", "steps", "team", "used",
    )  # fmt: skip

    def __init__(
        self,
        desk: Desk,
        rhythm: Rhythm,
        draw: Callable[[], float],
        *,
        requester: str,
        category: Category,
        intent: str,
        raised: float,
    ) -> None:
        self.desk = desk
        self.rhythm = rhythm
        self.draw = draw  # a number from 0 to 1, as random.random gives it
        self.requester = requester
        self.customer = first_name(desk, requester)
        self.category = category
        self.intent = intent
        self.raised = raised
        self.now = raised
        self.status = "new"
        self.team = category.team
        self.agent = self.colleague()
        self.owner = ""
        self.greeted = False
        self.used: set[str] = set()
        self.steps: list[Step] = []

    # Chance and time

    def chance(self, share: float) -> bool:
        return self.draw() < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.draw() * len(choices))]

    def pick_new(self, choices: Sequence[str]) -> str:
        """A text that this story hasn't had, as long as there is one."""
        first = int(self.draw() * len(choices))
        for turn in range(len(choices)):
            choice = choices[(first + turn) % len(choices)]
            if choice not in self.used:
                self.used.add(choice)
                return choice
        return choices[first]

    def colleague(self, team: str | None = None) -> str:
        """Somebody of the team; leads take a smaller part."""
        agents = self.desk.teams[team or self.team].agents
        return agents[0] if self.draw() < 0.08 else agents[1 + int(self.draw() * (len(agents) - 1))]

    def wait(self, least: float, most: float) -> None:
        """Hours until the customer does something: rather short than long."""
        self.now += (least + (most - least) * self.draw() ** 2) * HOUR

    def work(self, least: float, most: float) -> None:
        """Hours until the desk does something, in its working hours."""
        self.wait(least, most)
        if self.draw() > _LATE_SHIFT:
            self.now = self.rhythm.at_desk(self.now, 0.05 + 1.9 * self.draw())

    @property
    def over(self) -> bool:
        return self.now > self.rhythm.end

    @property
    def after(self) -> timedelta:
        return timedelta(seconds=int(self.now - self.raised))

    # Verbs of agents

    def take(self) -> None:
        if self.owner != self.agent or self.status == "new":
            self.add(Take(self.after, self.agent))
            self.owner = self.agent
        if self.status == "new":
            self.status = "open"

    def dispatch(self) -> None:
        """The lead gives it to the agent."""
        self.add(Assign(self.after, self.desk.teams[self.team].lead, self.agent))
        self.owner = self.agent

    def hand_over(self, team: str) -> None:
        """To an agent of another team, who goes on with it."""
        colleague = self.colleague(team)
        if colleague == self.agent:
            colleague = self.desk.teams[team].lead
        text = self.pick(self.desk.talk.handed_over)
        name = self.desk.people[colleague].name
        self.reply(text.replace("{agent_to}", name))
        self.add(Assign(self.after, self.agent, colleague, team))
        self.agent = self.owner = colleague
        self.team, self.greeted = team, False

    def reply(self, text: str, to: Target | None = None, until: datetime | None = None) -> None:
        """Write to the customer, and set a status with it."""
        talk = self.desk.talk
        greeting = sign_off = ""
        if not self.greeted or self.draw() < 0.45:
            greeting = self.pick(talk.greetings).replace("{first_name}", self.customer)
            sign_off = self.pick(talk.sign_offs)
        name = self.desk.people[self.agent].first_name
        body = letter(greeting, text, sign_off.replace("{agent}", name))
        self.greeted = True
        self.add(Reply(self.after, self.agent, body))
        if self.status == "new":
            self.status = "open"
        if to is not None:
            self.change_status(to, until)

    def change_status(self, to: Target, until: datetime | None = None) -> None:
        self.add(ChangeStatus(self.after, self.agent, to, until))
        self.status = to

    def reopen(self) -> None:
        """Where the workflow leads on through open only."""
        if self.status in {"on-hold", "scheduled"}:
            self.change_status("open")

    def note(self) -> None:
        notes = self.desk.talk.notes
        of_team = notes.get(self.team, ())
        choices = of_team if of_team and self.draw() < 0.6 else notes["any"]
        self.add(Note(self.after, self.agent, self.pick_new(choices)))

    def categorise(self, category: Category) -> None:
        """Correct the category; the right team's agents go on."""
        self.add(Categorise(self.after, self.agent, category.key))
        if category.team != self.team:
            self.team = category.team
            self.agent = self.colleague()
        self.category = category

    def prioritise(self, impact: Level, urgency: Level) -> None:
        self.add(Prioritise(self.after, self.agent, impact, urgency))

    def override(self) -> None:
        reason = self.pick(self.desk.talk.override_reasons)
        priority = 1 + int(self.draw() * 2)
        lead = self.desk.teams[self.team].lead
        self.add(OverridePriority(self.after, lead, priority, reason))

    def tag(self, name: str) -> None:
        self.add(Tag(self.after, self.agent, name))

    def watch(self) -> None:
        """The customer brings a colleague in, or the agent the lead."""
        me = self.desk.people.get(self.requester)
        colleagues = [
            p.key
            for p in self.desk.people.values()
            if me and me.organisation and p.organisation == me.organisation and p is not me
        ]
        if colleagues:
            self.add(Watch(self.after, self.requester, self.pick(colleagues)))
        else:
            self.add(Watch(self.after, self.agent, self.desk.teams[self.team].lead))

    # Verbs of the customer and of the desk itself

    def customer_writes(self, text: str, attachments: tuple[str, ...] = ()) -> None:
        self.add(Reply(self.after, self.requester, text, attachments))
        if self.status in _REOPENED:
            self.status = "open"

    def happens(self, to: Target) -> None:
        """The system closes or wakes it."""
        self.add(ChangeStatus(self.after, SYSTEM, to))
        self.status = to

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def add(self, step: Step) -> None:
        if self.now <= self.rhythm.end:
            self.steps.append(step)
