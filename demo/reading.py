"""From desk.toml, replies.toml and the questions to a Desk."""

from __future__ import annotations

import csv
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from demo.desk import (
    HERE,
    Absence,
    Category,
    Desk,
    Exchange,
    Field,
    Organisation,
    Person,
    Phrases,
    Role,
    SignIn,
    Spam,
    Talk,
    Team,
)

_Toml = Mapping[str, Any]
_UNDECOMPOSED = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "ı": "i", "ß": "ss", "’": "", " ": ""})


def load_desk() -> Desk:
    """The demo's desk. Raises KeyError where its files lack something."""
    desk = _read_toml("desk.toml")
    replies = _read_toml("replies.toml")
    teams = {key: _team(key, table) for key, table in desk["teams"].items()}
    return Desk(
        name=desk["name"],
        domain=desk["domain"],
        time_zone=desk["time_zone"],
        password=desk["password"],
        teams=teams,
        categories={category.key: category for category in _categories(desk)},
        organisations={
            key: _organisation(key, table) for key, table in desk["organisations"].items()
        },
        people={person.key: person for person in _people(desk, teams)},
        sign_ins=tuple(SignIn(**table) for table in desk["sign_ins"]),
        absences=tuple(Absence(**table) for table in desk["absences"]),
        tags=tuple(desk["tags"]),
        popular=tuple(desk["popular"]),
        first_names=tuple(desk["names"]["first"]),
        last_names=tuple(desk["names"]["last"]),
        made_up=_tuples(desk["made_up"]),
        phrases={intent: _phrases(table) for intent, table in replies["intents"].items()},
        talk=_talk(replies),
        questions=_questions(),
    )


def address_of(name: str, domain: str, suffix: str = "") -> str:
    """An e-mail address in plain ASCII: Zoë O’Brien becomes zoe.obrien@domain."""
    first, _, last = name.lower().partition(" ")
    plain = f"{first}.{last.translate(_UNDECOMPOSED)}".translate(_UNDECOMPOSED)
    decomposed = unicodedata.normalize("NFKD", plain)
    return f"{decomposed.encode('ascii', 'ignore').decode()}{suffix}@{domain}"


def _read_toml(name: str) -> _Toml:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def _tuples(table: _Toml) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in table.items()}


def _team(key: str, table: _Toml) -> Team:
    return Team(
        key=key,
        name=table["name"],
        private=table.get("private", False),
        lead=table["lead"],
        agents=(table["lead"], *table["agents"]),
        assignment=table.get("assignment", "manual"),
        capacity=table.get("capacity"),
    )


def _categories(desk: _Toml) -> Iterator[Category]:
    for parent in desk["parents"]:
        yield Category(
            key=parent["key"],
            name=parent["name"],
            description=parent["description"],
            parent=None,
            team=parent["team"],
            impact="low",
            urgency="medium",
        )
        for leaf in parent["categories"]:
            required = leaf.get("required", ())
            fields = leaf.get("fields", ())
            yield Category(
                key=leaf["key"],
                name=leaf["name"],
                description="",
                parent=parent["key"],
                team=parent["team"],
                impact=leaf["impact"],
                urgency=leaf["urgency"],
                intents=tuple(leaf["intents"]),
                fields=tuple(_field(key, desk["fields"][key], key in required) for key in fields),
                pictures=tuple(leaf.get("pictures", ())),
            )


def _field(key: str, table: _Toml, required: bool) -> Field:
    return Field(
        key=key,
        label=table["label"],
        kind=table["kind"],
        help_text=table.get("help_text", ""),
        required=required,
        options=tuple(table.get("options", ())),
    )


def _organisation(key: str, table: _Toml) -> Organisation:
    return Organisation(
        key=key,
        name=table["name"],
        domains=tuple(table["domains"]),
        shares_tickets=table["shares_tickets"],
        notes=table["notes"],
    )


def _people(desk: _Toml, teams: Mapping[str, Team]) -> Iterator[Person]:
    for key, name in desk["staff"].items():
        member_of = tuple(team.key for team in teams.values() if key in team.agents)
        leads = tuple(team.key for team in teams.values() if key == team.lead)
        role: Role = "team lead" if leads else "agent" if member_of else "administrator"
        email = address_of(name, desk["domain"])
        yield Person(key, name, email, role=role, teams=member_of, leads=leads)
    for organisation, table in desk["organisations"].items():
        for position, (key, name) in enumerate(table["people"].items()):
            yield Person(
                key,
                name,
                address_of(name, table["domains"][0]),
                organisation=organisation,
                is_manager=position == 0,
            )
    for key, name in desk["customers"].items():
        yield Person(key, name, address_of(name, "example.com"))


def _phrases(table: _Toml) -> Phrases:
    return Phrases(tuple(table["answers"]), table["question"], table["follow_up"])


def _talk(replies: _Toml) -> Talk:
    lists = {key: tuple(value) for key, value in replies.items() if _is_list_of_text(value)}
    return Talk(
        **lists,
        override_reasons=tuple(replies["reasons"]["override"]),
        notes=_tuples(replies["notes"]),
        field_remarks=replies["field_remarks"],
        exchanges=tuple(Exchange(**table) for table in replies["exchanges"]),
        spam=tuple(Spam(**table) for table in replies["spam"]),
    )


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and isinstance(value[0], str)


def _questions() -> dict[str, tuple[str, ...]]:
    by_intent: dict[str, list[str]] = {}
    with (HERE / "data" / "questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_intent.setdefault(row["intent"], []).append(row["question"])
    return {intent: tuple(questions) for intent, questions in by_intent.items()}
