"""What may be done to many tickets at once: each through the domain's verb, in its own transaction.

What is refused leaves the others done, and is told with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.desk.errors import BulkSizeError, BulkVerbError
from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError, NotFoundError
from apps.tickets import access, actions, policies
from apps.tickets.actions import rows
from apps.tickets.errors import StaleTicketError
from apps.tickets.models import Category, PriorityRule, Status, Ticket
from apps.tickets.statuses import StatusCategory

MOST = 100

Verb = Callable[[Ticket, Actor, datetime], object]


class ChangedMeanwhileError(StaleTicketError):
    message = _("Somebody changed it since you looked. Look again, then decide.")


@dataclass(slots=True)
class Outcome:
    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def apply(
    ids: Sequence[int], what: str, *, actor: Actor, now: datetime, seen: datetime | None = None
) -> Outcome:
    """Do `what` ("take", "status:resolved", "assign:12") to each ticket.

    `seen` is when the actor looked at the list: what changed after that is left alone, also what
    changes between our look and the verb, which compares the version. Raises BulkSizeError,
    BulkVerbError.
    """
    chosen = list(dict.fromkeys(ids))
    if not 1 <= len(chosen) <= MOST:
        raise BulkSizeError
    verb = _verb(what, actor)
    found = Ticket.objects.visible_to(actor).in_bulk(chosen)
    outcome = Outcome()
    for pk in chosen:
        ticket = found.get(pk)
        try:
            if ticket is None:
                raise NotFoundError
            if seen is not None and ticket.updated_at > seen:
                raise ChangedMeanwhileError(version=ticket.version)
            with transaction.atomic():
                verb(ticket, actor, now)
        except StaleTicketError as error:
            outcome.refused.append((pk, str(ChangedMeanwhileError(version=error.data["version"]))))
        except DomainError as error:
            outcome.refused.append((pk, str(error)))
        else:
            outcome.done.append(pk)
    return outcome


def _verb(what: str, actor: Actor) -> Verb:
    name, _, value = what.partition(":")
    plain = _PLAIN.get(name)
    if plain is not None and not value:
        return plain
    prepare = _WITH_VALUE.get(name)
    if prepare is None or not value:
        raise BulkVerbError
    return prepare(value, actor)


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 18):  # noqa: PLR2004 - of an id
        raise BulkVerbError
    return int(value)


def _take(ticket: Ticket, actor: Actor, now: datetime) -> object:
    return actions.take(ticket=ticket, expected_version=ticket.version, actor=actor, now=now)


def _release(ticket: Ticket, actor: Actor, now: datetime) -> object:
    return actions.assign(
        ticket=ticket,
        team=ticket.team,
        assignee=None,
        expected_version=ticket.version,
        actor=actor,
        now=now,
    )


def _solve(ticket: Ticket, actor: Actor, now: datetime) -> object:
    return actions.solve(ticket=ticket, expected_version=ticket.version, actor=actor, now=now)


def _close(ticket: Ticket, actor: Actor, now: datetime) -> object:
    """The workflow closes what is solved or waits for its requester; the rest is solved first."""
    if ticket.status_category not in {StatusCategory.RESOLVED, StatusCategory.PENDING}:
        ticket = actions.solve(ticket=ticket, expected_version=ticket.version, actor=actor, now=now)
    closed = Status.objects.get(category=StatusCategory.CLOSED, is_default=True)
    return actions.change_status(
        ticket=ticket, status=closed, expected_version=ticket.version, actor=actor, now=now
    )


def _assign(value: str, _actor: Actor) -> Verb:
    """To an agent: within the ticket's team if they are in it, else in a team of theirs."""
    assignee = User.objects.filter(pk=_number(value), is_active=True).first()
    if assignee is None:
        raise BulkVerbError
    teams = {team.pk: team for team in assignee.teams.order_by("pk")}

    def act(ticket: Ticket, actor: Actor, now: datetime) -> object:
        team = teams.get(ticket.team_id or 0) or next(iter(teams.values()), None)
        return actions.assign(
            ticket=ticket,
            team=team,
            assignee=assignee,
            expected_version=ticket.version,
            actor=actor,
            now=now,
        )

    return act


def _team(value: str, _actor: Actor) -> Verb:
    team = Team.objects.filter(pk=_number(value)).first()
    if team is None:
        raise BulkVerbError
    return lambda ticket, actor, now: actions.assign(
        ticket=ticket,
        team=team,
        assignee=None,
        expected_version=ticket.version,
        actor=actor,
        now=now,
    )


def _status(value: str, _actor: Actor) -> Verb:
    status = Status.objects.filter(slug=value, archived=False).first()
    if status is None:
        raise BulkVerbError
    return lambda ticket, actor, now: actions.change_status(
        ticket=ticket, status=status, expected_version=ticket.version, actor=actor, now=now
    )


def _priority(value: str, _actor: Actor) -> Verb:
    """By the matrix: the nearest impact and urgency that give this priority."""
    cells = [
        (rule.impact, rule.urgency) for rule in PriorityRule.objects.filter(priority=_number(value))
    ]
    if not cells:
        raise BulkVerbError(_("No impact and urgency give this priority. See the priority matrix."))

    def act(ticket: Ticket, actor: Actor, now: datetime) -> object:
        if ticket.priority == int(value):
            seen = ticket.version
            return rows.lock(ticket, actor=actor, may=policies.can_work, expected_version=seen)
        impact, urgency = min(
            cells, key=lambda cell: abs(cell[0] - ticket.impact) + abs(cell[1] - ticket.urgency)
        )
        return actions.prioritise(
            ticket=ticket,
            impact=impact,
            urgency=urgency,
            expected_version=ticket.version,
            actor=actor,
            now=now,
        )

    return act


def _category(value: str, _actor: Actor) -> Verb:
    category = Category.objects.filter(pk=_number(value), archived=False).first()
    if category is None:
        raise BulkVerbError
    return lambda ticket, actor, now: actions.categorise(
        ticket=ticket, category=category, expected_version=ticket.version, actor=actor, now=now
    )


def _tag(value: str, _actor: Actor) -> Verb:
    return lambda ticket, actor, now: actions.tag(
        ticket=ticket, add=value.split(","), expected_version=ticket.version, actor=actor, now=now
    )


def _untag(value: str, _actor: Actor) -> Verb:
    return lambda ticket, actor, now: actions.tag(
        ticket=ticket,
        remove=value.split(","),
        expected_version=ticket.version,
        actor=actor,
        now=now,
    )


def _merge(value: str, actor: Actor) -> Verb:
    """Into one ticket, which itself is left alone when it is among the chosen."""
    survivor = access.ticket_by_number(_number(value.lstrip("#")), actor)

    def act(ticket: Ticket, actor: Actor, now: datetime) -> object:
        if ticket.pk == survivor.pk:
            return ticket
        return actions.merge(
            ticket=ticket,
            survivor=survivor,
            expected_version=ticket.version,
            actor=actor,
            now=now,
        )

    return act


_PLAIN: dict[str, Verb] = {"take": _take, "release": _release, "solve": _solve, "close": _close}
_WITH_VALUE: dict[str, Callable[[str, Actor], Verb]] = {
    "assign": _assign,
    "team": _team,
    "status": _status,
    "priority": _priority,
    "category": _category,
    "tag": _tag,
    "untag": _untag,
    "merge": _merge,
}
