"""Whether a script obeys the desk's rules: workflow, teams and the categories' fields. Pure.

Written from the rules and not from the scenario, so that it can find the scenario's mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from demo.desk import PICTURES, Category, Desk, Field
from demo.script import (
    SYSTEM,
    Assign,
    Categorise,
    ChangeStatus,
    Link,
    Merge,
    Note,
    OverridePriority,
    Prioritise,
    Reply,
    Step,
    Tag,
    Take,
    TicketScript,
    Watch,
)
from demo.words import SUBJECT_LIMIT

_TRANSITIONS: dict[str, frozenset[str]] = {
    "new": frozenset({"open", "pending", "resolved", "cancelled", "spam"}),
    "open": frozenset({"pending", "on-hold", "scheduled", "resolved", "cancelled", "spam"}),
    "pending": frozenset({"open", "resolved", "closed"}),
    "on-hold": frozenset({"open", "resolved"}),
    "scheduled": frozenset({"open"}),
    "resolved": frozenset({"open", "closed"}),
}
_FINAL = frozenset({"closed", "cancelled", "spam", "merged"})
_REOPENED = frozenset({"pending", "on-hold", "scheduled", "resolved"})
_BY_SYSTEM = {("resolved", "closed"), ("pending", "closed"), ("scheduled", "open")}
_PRIORITIES = range(1, 6)


class RuleBrokenError(Exception):
    """What is wrong with which ticket's script."""


@dataclass(slots=True)
class Standing:
    """Where a ticket stands after some of its steps."""

    status: str
    team: str
    category: Category
    assignee: str | None = None
    until: datetime | None = None
    messages: int = 1  # public ones
    watchers: set[str] = field(default_factory=set)


def standing(script: TicketScript, desk: Desk, *, at: datetime | None = None) -> Standing:
    """Where the ticket stands at that time, or in the end. Raises RuleBrokenError."""
    category = desk.categories[script.category]
    now = Standing(status="new", team=category.team, category=category)
    for step in script.steps:
        if at is not None and script.raised_at + step.after > at:
            break
        _take_step(now, step, script, desk)
    return now


def validate(script: TicketScript, desk: Desk) -> None:
    """Raises RuleBrokenError."""
    _require(0 < len(script.subject) <= SUBJECT_LIMIT, script, "subject")
    _require(bool(script.body.strip()), script, "body")
    _require(set(script.tags) <= set(desk.tags), script, "tags")
    _require(script.raised_at.utcoffset() == timedelta(), script, "raised_at is not in UTC")
    category = desk.categories[script.category]
    _require(category.parent is not None, script, "the category is not a leaf")
    _check_fields(script, category)
    if script.raised_by != script.requester:
        _require(_is_in_team(desk, script.raised_by, category.team), script, "raised by a stranger")
    _require((script.channel == "agent") == (script.raised_by != script.requester), script, "by")
    _check_pictures(script, script.attachments)
    before = timedelta()
    for step in script.steps:
        _require(step.after >= before, script, "out of order", step)
        before = step.after
    standing(script, desk)


def _take_step(now: Standing, step: Step, script: TicketScript, desk: Desk) -> None:
    _require(now.status not in _FINAL, script, "after the end", step)
    by_customer = step.actor == script.requester
    if step.actor == SYSTEM:
        _require(isinstance(step, ChangeStatus), script, "not the system's", step)
    elif by_customer:
        _require(isinstance(step, Reply | Watch), script, "not a customer's", step)
    else:
        _require(_is_in_team(desk, step.actor, now.team), script, f"not in {now.team}", step)
    match step:
        case Reply(text=text, attachments=attachments):
            _require(bool(text.strip()) and "{" not in text, script, "text", step)
            _check_pictures(script, attachments)
            now.messages += 1
            if now.status in (_REOPENED if by_customer else {"new"}):
                now.status, now.until = "open", None
        case Note(text=text):
            _require(bool(text.strip()) and "{" not in text, script, "text", step)
        case Take() | Assign():
            _hand_over(now, step, script, desk)
        case ChangeStatus():
            _change_status(now, step, script)
        case Categorise() | Prioritise() | OverridePriority() | Tag():
            _sort(now, step, script, desk)
        case Watch(user=user):
            _check_watcher(user, script, desk, by_customer=by_customer)
            _require(user not in now.watchers, script, "watches already", step)
            now.watchers.add(user)
        case Merge(into=other) | Link(to=other):
            _require(0 <= other < script.index, script, "not an earlier ticket", step)
            now.status = "merged" if isinstance(step, Merge) else now.status


def _hand_over(now: Standing, step: Take | Assign, script: TicketScript, desk: Desk) -> None:
    if isinstance(step, Take):
        now.assignee = step.actor
        now.status = "open" if now.status == "new" else now.status
        return
    now.team = step.team or now.team
    _require(_is_in_team(desk, step.to, now.team), script, f"not in {now.team}", step)
    now.assignee = step.to


def _change_status(now: Standing, step: ChangeStatus, script: TicketScript) -> None:
    _require(step.to in _TRANSITIONS[now.status], script, f"from {now.status}: {step}")
    at = script.raised_at + step.after
    if step.actor == SYSTEM:
        _require((now.status, step.to) in _BY_SYSTEM, script, "not the system's", step)
        _require(now.until is None or now.until <= at, script, "too early", step)
    else:
        _require(step.to != "closed", script, "only the system closes", step)
    _require((step.to == "scheduled") == (step.until is not None), script, "until", step)
    _require(step.until is None or step.until > at, script, "until", step)
    now.status, now.until = step.to, step.until


def _sort(
    now: Standing,
    step: Categorise | Prioritise | OverridePriority | Tag,
    script: TicketScript,
    desk: Desk,
) -> None:
    match step:
        case Categorise(category=key):
            now.category = desk.categories[key]
            if now.assignee is None:
                now.team = now.category.team
        case OverridePriority(priority=priority, reason=reason):
            may = desk.people[step.actor].role in {"team lead", "administrator"}
            _require(may and priority in _PRIORITIES and bool(reason), script, "override", step)
        case Tag(add=name):
            _require(name in desk.tags, script, "unknown tag", step)
        case Prioritise():
            pass


def _is_in_team(desk: Desk, key: str, team: str) -> bool:
    person = desk.people.get(key)
    return person is not None and (team in person.teams or person.role == "administrator")


def _check_watcher(user: str, script: TicketScript, desk: Desk, *, by_customer: bool) -> None:
    watcher = desk.people.get(user)
    if watcher is None:
        raise RuleBrokenError(f"ticket {script.index}: nobody is called {user}")
    _require(user != script.requester, script, "watches their own ticket")
    requester = desk.people.get(script.requester)
    if by_customer:
        colleague = requester is not None and watcher.organisation == requester.organisation
        _require(colleague and watcher.organisation is not None, script, f"no colleague: {user}")


def _check_fields(script: TicketScript, category: Category) -> None:
    known = {f.key: f for f in category.fields}
    _require(script.custom.keys() <= known.keys(), script, f"unknown fields: {script.custom}")
    for key, definition in known.items():
        value = script.custom.get(key)
        if value is None:
            _require(not definition.required, script, f"{key} is required")
        else:
            _require(_fits(definition, value), script, f"{key}: {value!r}")


def _fits(definition: Field, value: str | bool) -> bool:
    if definition.kind == "flag" or isinstance(value, bool):
        return definition.kind == "flag" and value is True
    try:
        match definition.kind:
            case "number":
                return Decimal(value).is_finite()
            case "date":
                return bool(date.fromisoformat(value))
            case "choice":
                return value in definition.options
            case _:
                return 0 < len(value.strip()) <= 200
    except (InvalidOperation, ValueError):
        return False


def _check_pictures(script: TicketScript, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not (PICTURES / name).is_file()]
    _require(not missing, script, f"no such files: {missing}")


def _require(holds: bool, script: TicketScript, what: str, step: Step | None = None) -> None:
    if not holds:
        raise RuleBrokenError(f"ticket {script.index}: {what}: {step or script}")
