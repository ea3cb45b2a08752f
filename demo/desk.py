"""The demo's bank as plain data; demo.reading makes it from the files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"

Level = Literal["low", "medium", "high"]
Role = Literal["requester", "agent", "team lead", "administrator"]
FieldKind = Literal["text", "long_text", "number", "date", "choice", "flag"]


@dataclass(frozen=True, slots=True)
class Team:
    key: str
    name: str
    private: bool
    lead: str  # a person's key
    agents: tuple[str, ...]  # people's keys, the lead's among them
    assignment: str = "manual"  # of what comes after the demo's history
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """An agent who takes no new tickets when the demo begins."""

    person: str
    availability: Literal["away", "off"]
    hours: int  # until they are back; 0: until they say so
    note: str


@dataclass(frozen=True, slots=True)
class Field:
    """A typed custom field of a category."""

    key: str
    label: str
    kind: FieldKind
    help_text: str = ""
    required: bool = False
    options: tuple[str, ...] = ()  # of a choice


@dataclass(frozen=True, slots=True)
class Category:
    """Tickets are raised in those that have a parent."""

    key: str
    name: str
    description: str
    parent: str | None
    team: str
    impact: Level
    urgency: Level
    intents: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    pictures: tuple[str, ...] = ()  # files in demo/pictures that customers attach here


@dataclass(frozen=True, slots=True)
class Organisation:
    key: str
    name: str
    domains: tuple[str, ...]
    shares_tickets: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Person:
    """Customers have no teams, staff no organisation."""

    key: str
    name: str
    email: str
    role: Role = "requester"
    organisation: str | None = None
    is_manager: bool = False  # of the organisation, on the customer's side
    teams: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    time_zone: str = "Europe/London"

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody as whom a visitor may enter."""

    person: str
    label: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is said about one intent.

    answers[0] stands on its own; answers[1] says what the agent did, and suits a first reply as
    well as one after `follow_up`, which is a customer's reply to `question`.
    """

    answers: tuple[str, ...]
    question: str
    follow_up: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A customer's further question, and an agent's reply to it."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Spam:
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What is said whatever the topic is."""

    # By agents. {first_name} is the customer's, {agent} the agent's.
    greetings: tuple[str, ...]
    sign_offs: tuple[str, ...]
    asking: tuple[str, ...]  # before a question
    holding: tuple[str, ...]  # I am looking into it
    waiting: tuple[str, ...]  # a third party has it
    scheduled: tuple[str, ...]  # I come back to it on {day}
    handed_over: tuple[str, ...]  # {agent_to} takes over
    progress: tuple[str, ...]
    closings: tuple[str, ...]  # when it is done
    apologies: tuple[str, ...]  # after a complaint
    cancelled: tuple[str, ...]  # after the customer withdrew
    phone_calls: tuple[str, ...]  # bodies of tickets raised after a call: {name}, {question}
    override_reasons: tuple[str, ...]
    notes: Mapping[str, tuple[str, ...]]  # work notes by team; those of "any" suit every team
    # By customers.
    customer_greetings: tuple[str, ...]
    customer_sign_offs: tuple[str, ...]
    thanks: tuple[str, ...]
    complaints: tuple[str, ...]  # on delay
    withdrawals: tuple[str, ...]  # no longer needed
    field_remarks: Mapping[str, str]  # by field: a sentence that says its {value}
    # By both.
    exchanges: tuple[Exchange, ...]
    spam: tuple[Spam, ...]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that a scenario is made of. Mappings are by key, in the order of desk.toml."""

    name: str
    domain: str
    time_zone: str
    password: str  # of the demo's sign-ins
    teams: Mapping[str, Team]
    categories: Mapping[str, Category]  # parents stand before their children
    organisations: Mapping[str, Organisation]
    people: Mapping[str, Person]  # those with a part of their own: staff and some customers
    sign_ins: tuple[SignIn, ...]
    absences: tuple[Absence, ...]
    tags: tuple[str, ...]
    popular: tuple[str, ...]  # intents, the most frequent first
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    made_up: Mapping[str, tuple[str, ...]]  # values of text fields, by field
    phrases: Mapping[str, Phrases] = field(repr=False)  # by intent
    talk: Talk = field(repr=False)
    questions: Mapping[str, tuple[str, ...]] = field(repr=False)  # by intent

    @cached_property
    def leaves(self) -> tuple[Category, ...]:
        """The categories in which tickets are raised."""
        return tuple(c for c in self.categories.values() if c.parent is not None)

    @cached_property
    def category_of(self) -> Mapping[str, Category]:
        """The category of each intent."""
        return {intent: c for c in self.leaves for intent in c.intents}
