from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from apps.accounts.permissions import Permission
from apps.tickets.statuses import ACTIVE

LOADS_UP_TO = 200  # open tickets of one agent: whoever has more counts as having so many

if TYPE_CHECKING:
    from apps.kernel.actors import Actor
    from apps.tickets.models import (  # noqa: F401 - named in the bases below
        Attachment,
        Message,
        Participant,
        Rating,
        Ticket,
        Upload,
    )


class TicketQuerySet(models.QuerySet["Ticket"]):
    def active(self) -> Self:
        return self.filter(status_category__in=sorted(ACTIVE))

    def in_status(self, categories: Collection[str]) -> Self:
        return self.filter(status_category__in=sorted(categories))

    def visible_to(self, actor: Actor) -> Self:
        """What pages, counts, search and mail may show this actor. Agrees with policies.can_view.

        Staff see everything but the tickets of private teams they aren't in, unless they take
        part in them. Customers see what they raised or take part in, and their organisation's
        where it shares.
        """
        if actor.is_system:
            return self
        if not actor.is_known:
            return self.none()
        if actor.can(Permission.WORK_TICKETS):
            if not actor.hidden_team_ids:
                return self
            hidden = Q(team_id__in=actor.hidden_team_ids)
            mine = Q(assignee_id=actor.id) | Q(requester_id=actor.id) | Q(_takes_part(actor))
            return self.filter(Q(team_id=None) | ~hidden | mine)
        mine = Q(requester_id=actor.id) | Q(pk__in=_taken_part_in(actor))
        if actor.shared_organisation_id is not None:
            mine |= Q(organisation_id=actor.shared_organisation_id)
        return self.filter(mine)

    def raised_by(self, user_id: int | None) -> Self:
        return self.filter(requester=user_id)

    def listed(self) -> Self:
        """As lists show them: newest activity first, with what a row needs."""
        return self.select_related("status", "requester").order_by("-updated_at", "-pk")

    def older_than(self, moment: datetime, last: int) -> Self:
        """The page after a row, written so that an index can begin at it (ADR 6)."""
        return self.filter(updated_at__lte=moment).filter(Q(updated_at__lt=moment) | Q(pk__lt=last))

    def newer_than(self, moment: datetime, last: int) -> Self:
        """The page before a row: the same walk the other way round."""
        return self.filter(updated_at__gte=moment).filter(Q(updated_at__gt=moment) | Q(pk__gt=last))

    def unrated_since(self, start: datetime, end: datetime) -> Self:
        """Solved between two moments, and not yet asked about, nor rated, since."""
        rated = apps.get_model("tickets", "Rating").objects.filter(
            ticket=OuterRef("pk"), solved_at=OuterRef("resolved_at")
        )
        return self.filter(
            ~Exists(rated), status_category="resolved", resolved_at__gt=start, resolved_at__lte=end
        )

    def asleep_until(self, now: datetime) -> Self:
        due = self.filter(status_category="scheduled", scheduled_until__lte=now)
        return due.order_by("scheduled_until")

    def resolved_before(self, moment: datetime) -> Self:
        """Solved and left alone since; what was touched later waits its turn."""
        due = self.filter(
            status_category="resolved", resolved_at__lt=moment, updated_at__lte=moment
        )
        return due.order_by("resolved_at")

    def on_the_desk(self) -> Self:
        """What waits for its agent, not for the requester, a third party or a date."""
        return self.active().filter(status_category__in=["new", "open"])

    def pending_since(self, moment: datetime) -> Self:
        due = self.filter(status_category="pending", updated_at__lt=moment)
        return due.order_by("updated_at")


class CappedCount(Subquery):
    """How many rows a sliced queryset has, for each row of the outer query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = models.IntegerField()


def open_tickets_of(user: str) -> CappedCount:
    """How much waits for the agent whose id stands in the outer query's column `user`.

    Up to LOADS_UP_TO, from the index of active tickets by assignee.
    """
    tickets: TicketQuerySet = apps.get_model("tickets", "Ticket").objects.on_the_desk()
    theirs = tickets.filter(assignee=OuterRef(user)).order_by().values("pk")
    return CappedCount(theirs[:LOADS_UP_TO])


def _takes_part(actor: Actor) -> IsNull:
    """Asked of the few rows of hidden teams, by index.

    With pk IN (…) or EXISTS PostgreSQL first gathers all that the person ever took part in: for a
    lead that grows with the desk. A LIMIT keeps it from that.
    """
    participants = apps.get_model("tickets", "Participant").objects
    here = participants.filter(user=actor.id, ticket=OuterRef("pk")).order_by()
    return IsNull(Subquery(here.values("pk")[:1]), rhs=False)


def _taken_part_in(actor: Actor) -> Subquery:
    participants: models.QuerySet[Participant] = apps.get_model(
        "tickets", "Participant"
    ).objects.all()
    return Subquery(participants.filter(user=actor.id).values("ticket_id"))


def _readable(actor: Actor, to_message: str) -> Q:
    """What holds for messages that the actor may read; `to_message` leads there."""
    if actor.is_system:
        return Q()
    public = Q(**{f"{to_message}visibility": "public"})
    if not actor.can(Permission.WORK_TICKETS):
        return public
    if not actor.hidden_team_ids:
        return Q()
    team, assignee = f"{to_message}ticket__team", f"{to_message}ticket__assignee"
    workable = (
        Q(**{f"{team}__isnull": True})
        | ~Q(**{f"{team}__in": actor.hidden_team_ids})
        | Q(**{assignee: actor.id})
    )
    return public | workable


class MessageQuerySet(models.QuerySet["Message"]):
    def public(self) -> Self:
        return self.filter(visibility="public")

    def readable_by(self, actor: Actor) -> Self:
        """Of messages on tickets that the actor may see. Agrees with policies.can_read.

        Notes are for whoever may work on their ticket: an agent who only asked or watches reads
        what customers read.
        """
        return self.filter(_readable(actor, ""))

    def conversation(self) -> Self:
        return self.order_by("created_at", "id")


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def readable_by(self, actor: Actor) -> Self:
        return self.filter(_readable(actor, "message__"))

    def openable(self) -> Self:
        return self.filter(redacted_at=None, missing_at=None).exclude(scan="quarantined")

    def unscanned(self, *, now: datetime) -> Self:
        """What waits for the scanner and is its turn, oldest first."""
        waiting = self.filter(scan="pending", redacted_at=None, missing_at=None)
        due = waiting.filter(Q(scan_held_until=None) | Q(scan_held_until__lte=now))
        return due.order_by("pk")


KEEP_UPLOADS = timedelta(days=1)


class UploadQuerySet(models.QuerySet["Upload"]):
    def waiting(self, actor: Actor, *, now: datetime) -> Self:
        """The actor's own that a form may still send, in the order in which they came."""
        return self.filter(owner=actor.id, created_at__gt=now - KEEP_UPLOADS).order_by("pk")

    def abandoned(self, *, now: datetime) -> Self:
        return self.filter(created_at__lte=now - KEEP_UPLOADS)


class RatingQuerySet(models.QuerySet["Rating"]):
    def given(self) -> Self:
        return self.filter(score__isnull=False).order_by("-solved_at")
