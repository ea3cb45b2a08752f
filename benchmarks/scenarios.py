"""Which pages are measured, who asks for them, and how the right page is told from a wrong one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from driving import Client, Request, form_on, sign_in
from servers import Desk

ADMIN = "/admin/tickets/ticket"
CATEGORY = "charged-twice"  # has fields that must be filled
SUBJECT = "The card machine says no"
RAISED = f"{SUBJECT} again"  # so that nobody takes it for one that is looked at
TEXT = (
    "Good morning,\n\nThe terminal at our second counter has declined every card since eight. "
    "The first one works, with the same cards.\n\nKind regards"
)
ANSWER = "Thank you. Please hold the green key for ten seconds and try again. Does it work now?"
NEWEST = 10**15  # as if the agent had read whatever else is written meanwhile
MESSAGES = 4  # of the tickets that are looked at


@dataclass(slots=True)
class World:
    """One running desk: who is signed in, and what is there to look at."""

    desk: Desk
    told: dict[str, Any]
    cookies: dict[str, dict[str, str]]
    _made: dict[str, list[Request]] = field(default_factory=dict)

    @classmethod
    def of(cls, desk: Desk) -> World:
        told = desk.inside("prepare")
        cookies = {
            key: sign_in(desk.base, email, told["password"])
            for key, email in told["people"].items()
        }
        return cls(desk, told, cookies)

    @classmethod
    def of_floor(cls, desk: Desk) -> World:
        client = Client(desk.base)
        client.ask("/sign-in/")
        return cls(desk, {}, {"": client.cookies})

    def requests(self, scenario: Scenario) -> list[Request]:
        if scenario.name not in self._made:
            make = scenario.make if self.told else _FLOORS[scenario.floor.partition(":")[0]]
            self._made[scenario.name] = make(self, scenario)
        return self._made[scenario.name]

    def client(self, who: str) -> Client:
        """Shares its cookies with everybody who asks as the same person."""
        client = Client(self.desk.base)
        client.cookies = self.cookies.setdefault(who, {})
        return client


Make = Callable[[World, "Scenario"], list[Request]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`floor`: "rows:25", "form", "insert", or nothing to compare with."""

    name: str
    who: str
    make: Make
    floor: str = ""


def page(path: str, marker: str = SUBJECT) -> Make:
    return lambda _world, _scenario: [Request(path=path, marker=marker)]


def each_ticket(world: World, scenario: Scenario) -> list[Request]:
    refs = world.told["refs"][scenario.who]
    return [Request(path=f"/requests/{ref}/", marker=SUBJECT) for ref in refs]


def each_workspace(world: World, _scenario: Scenario) -> list[Request]:
    numbers = world.told["numbers"]
    return [Request(path=f"{ADMIN}/{number}/change/", marker=SUBJECT) for number in numbers]


def older_page(world: World, scenario: Scenario) -> list[Request]:
    """The second page of a list: where its link leads."""
    path = "/requests/?state=all"
    text = world.client(scenario.who).ask(path)[1]
    links: list[str] = re.findall(r'href="([^"]*after=[^"]*)"', text)
    return [Request(path=urljoin(path, html.unescape(links[-1])), marker=SUBJECT)]


def raising(world: World, scenario: Scenario) -> list[Request]:
    path = f"/new/{CATEGORY}/"
    to, fields = form_on(world.client(scenario.who), path, "subject", "text")
    said = {"subject": RAISED, "text": TEXT, "field_amount": "12.50"}
    return [Request(path=to, marker="/requests/", fields=fields | said, status=302)]


def replying(world: World, scenario: Scenario) -> list[Request]:
    """The customer answers on tickets of their own; each client on others."""
    client = world.client(scenario.who)
    refs = world.told["refs"][scenario.who][:32]
    _, fields = form_on(client, f"/requests/{refs[0]}/", "text", "submission")
    return [
        Request(
            path=f"/requests/{ref}/reply/",
            marker=f"/requests/{ref}",
            fields=fields | {"text": ANSWER},
            status=302,
        )
        for ref in refs
    ]


def answering(world: World, scenario: Scenario) -> list[Request]:
    """The agent presses “Send”: for some seconds the answer waits, a worker makes it a message."""
    client, numbers = world.client(scenario.who), world.told["numbers"][:32]
    _, fields = form_on(client, f"{ADMIN}/{numbers[0]}/change/", "text", "submission", "seen")
    return [
        Request(
            path=f"{ADMIN}/{number}/write/",
            marker=f"{number}/change",
            fields=fields | {"text": ANSWER, "seen": str(NEWEST)},
            status=302,
        )
        for number in numbers
    ]


def floor_rows(_world: World, scenario: Scenario) -> list[Request]:
    return [Request(path=f"/rows/{scenario.floor.partition(':')[2]}/", marker="Person 1")]


def floor_insert(world: World, _scenario: Scenario) -> list[Request]:
    to, fields = form_on(world.client(""), "/insert/", "title", "text")
    said = {"title": SUBJECT, "text": TEXT}
    return [Request(path=to, marker="/row/", fields=fields | said, status=302)]


def floor_form(_world: World, _scenario: Scenario) -> list[Request]:
    return [Request(path="/insert/", marker="title")]


_FLOORS: dict[str, Make] = {"rows": floor_rows, "form": floor_form, "insert": floor_insert}

SCENARIOS = (
    Scenario("portal home", "nadia", page("/"), "rows:5"),
    Scenario("portal list", "nadia", page("/requests/?state=all"), "rows:25"),
    Scenario("portal list, older", "nadia", older_page, "rows:25"),
    Scenario("organisation's list", "callum", page("/requests/?whose=ours&state=all"), "rows:25"),
    Scenario("portal ticket", "nadia", each_ticket, f"rows:{MESSAGES}"),
    Scenario("portal form", "nadia", page(f"/new/{CATEGORY}/", "submission"), "form"),
    Scenario("portal search", "nadia", page("/search/?q=card", 'class="entry"'), "rows:10"),
    Scenario("raise", "nadia", raising, "insert"),
    Scenario("reply", "nadia", replying, "insert"),
    Scenario("dashboard", "tom", page("/admin/", "Tom"), "rows:25"),
    Scenario("queue", "tom", page(f"{ADMIN}/"), "rows:25"),
    Scenario("queue, my teams'", "tom", page(f"{ADMIN}/?view=teams", "My teams"), "rows:25"),
    Scenario("workspace", "tom", each_workspace, "rows:25"),
    Scenario("agent's reply", "tom", answering, "insert"),
    Scenario("desk's search", "tom", page(f"{ADMIN}/?q=card", "data-row"), "rows:30"),
)
