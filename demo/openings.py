"""How a ticket begins: its first message, and the fields that the customer filled in. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeVar

from demo.customers import name_of
from demo.desk import Category, Desk, Field
from demo.script import Channel
from demo.teller import first_name
from demo.words import greets, letter, subject_of

T = TypeVar("T")

Draw = Callable[[], float]  # a number from 0 to 1, as random.random gives it
Custom = Mapping[str, str | bool]

_FILLED_IN = 0.75  # of tickets, where the fields aren't required
_FLAGGED = 0.6
_HOME_CURRENCY = 0.75
_REMARKED = 0.3  # of fields that were filled in
_POLITE = 0.45  # of customers, once in front and once at the end
_WITH_PICTURE = 0.2  # where the category has any
_TAGGED = 0.08


class Opening(NamedTuple):
    subject: str
    body: str
    raised_by: str
    channel: Channel
    custom: Custom
    tags: tuple[str, ...]
    attachments: tuple[str, ...]


def written(
    desk: Desk, draw: Draw, *, requester: str, category: Category, intent: str, raised: datetime
) -> Opening:
    """On the portal, by the customer."""
    question = _pick(draw, desk.questions[intent])
    pictures = desk.category_of[intent].pictures  # whatever category the customer chose
    custom = _custom(desk, draw, category, raised)
    has_picture = bool(pictures) and draw() < _WITH_PICTURE
    return Opening(
        subject=subject_of(question),
        body=_letter(desk, draw, question, requester, custom),
        raised_by=requester,
        channel="portal",
        custom=custom,
        tags=_tags(desk, draw, requester),
        attachments=(_pick(draw, pictures),) if has_picture else (),
    )


def phoned(
    desk: Desk,
    draw: Draw,
    *,
    agent: str,
    requester: str,
    category: Category,
    intent: str,
    raised: datetime,
) -> Opening:
    """By an agent, for a customer who called."""
    question = _pick(draw, desk.questions[intent])
    person = desk.people.get(requester)
    name = person.name if person else name_of(desk, int(requester[1:]))
    body = _pick(draw, desk.talk.phone_calls)
    return Opening(
        subject=subject_of(question),
        body=body.replace("{name}", name).replace("{question}", question),
        raised_by=agent,
        channel="agent",
        custom=_custom(desk, draw, category, raised),
        tags=("phone-call",),
        attachments=(),
    )


def unwanted(desk: Desk, draw: Draw, *, requester: str) -> Opening:
    spam = _pick(draw, desk.talk.spam)
    return Opening(spam.subject, spam.body, requester, "portal", {}, (), ())


def _letter(desk: Desk, draw: Draw, question: str, requester: str, custom: Custom) -> str:
    """The question, often with what makes a letter of it."""
    talk = desk.talk
    remarks = [
        remark.replace("{value}", _said(value))
        for key, remark in talk.field_remarks.items()
        if isinstance(value := custom.get(key), str) and draw() < _REMARKED
    ]
    text = " ".join((_ended(question), *remarks)) if remarks else question
    greeting = sign_off = ""
    if draw() < _POLITE and not greets(question):
        greeting = _pick(draw, talk.customer_greetings)
    if draw() < _POLITE:
        sign_off = f"{_pick(draw, talk.customer_sign_offs)}\n{first_name(desk, requester)}"
    return letter(greeting, text, sign_off)


def _custom(desk: Desk, draw: Draw, category: Category, raised: datetime) -> Custom:
    if not category.fields:
        return {}
    filled_in = draw() < _FILLED_IN
    custom: dict[str, str | bool] = {}
    for definition in category.fields:
        if definition.kind == "flag":
            if draw() < _FLAGGED:
                custom[definition.key] = True
        elif definition.required or filled_in:
            custom[definition.key] = _value(desk, draw, definition, raised)
    return custom


def _value(desk: Desk, draw: Draw, definition: Field, raised: datetime) -> str:
    key = definition.key
    match definition.kind:
        case "number":
            return f"{2.5 + 400 * draw() ** 3:.2f}"
        case "date":
            return (raised.date() - timedelta(days=int(9 * draw()))).isoformat()
        case "choice":
            at_home = key == "currency" and draw() < _HOME_CURRENCY
            return definition.options[0] if at_home else _pick(draw, definition.options)
        case _ if key in desk.made_up:
            return _pick(draw, desk.made_up[key])
        case _:
            return f"{int(10_000 * draw()):04d}"


def _tags(desk: Desk, draw: Draw, requester: str) -> tuple[str, ...]:
    person = desk.people.get(requester)
    if person is not None and person.organisation is not None:
        return ("business",)
    return (_pick(draw, desk.tags),) if draw() < _TAGGED else ()


def _pick(draw: Draw, choices: Sequence[T]) -> T:
    return choices[int(draw() * len(choices))]


def _ended(question: str) -> str:
    return question if question[-1] in ".!?" else f"{question}."


def _said(value: str) -> str:
    """A date as one says it; other values as they are."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return f"{day.day} {day:%B}"
