"""Tickets, and who and what belongs to each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organisation, Team
from apps.kernel.references import REF_LENGTH, new_ref
from apps.tickets.models.catalogue import (
    STATUS_CATEGORIES,
    Category,
    Channel,
    Level,
    Status,
    Tag,
)
from apps.tickets.querysets import TicketQuerySet
from apps.tickets.statuses import ACTIVE, FINISHED

TicketManager = models.Manager.from_queryset(TicketQuerySet)

_ACTIVE = sorted(ACTIVE)
_FINISHED = sorted(FINISHED)


class Ticket(models.Model):
    """Written by apps.tickets.actions only. The human number is the id."""

    class Kind(models.TextChoices):
        INCIDENT = "incident", _("Incident")
        REQUEST = "request", _("Request")
        PROBLEM = "problem", _("Problem")
        QUESTION = "question", _("Question")

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.QUESTION)
    subject = models.CharField(max_length=200)
    status = models.ForeignKey(Status, models.PROTECT, related_name="+")
    status_category = models.CharField(max_length=10, choices=STATUS_CATEGORIES)
    impact = models.PositiveSmallIntegerField(choices=Level)
    urgency = models.PositiveSmallIntegerField(choices=Level)
    priority = models.PositiveSmallIntegerField()
    priority_override = models.PositiveSmallIntegerField(null=True, blank=True)
    override_reason = models.CharField(max_length=200, blank=True)
    is_major_incident = models.BooleanField(default=False)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    tags = models.ManyToManyField(Tag, through="TicketTag", related_name="+")
    custom = models.JSONField(default=dict)  # values of the category's fields by their key
    channel = models.CharField(max_length=10, choices=Channel)
    language = models.CharField(max_length=10, default="en")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged"
    )
    status_before_merge = models.ForeignKey(
        Status, models.PROTECT, null=True, blank=True, related_name="+"
    )
    submission = models.UUIDField(null=True, unique=True)  # one form, one ticket
    scheduled_until = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    # Since when the customer waits for an answer: their oldest message that has none.
    waiting_since = models.DateTimeField(null=True, blank=True)
    raised_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # compare-and-set by whoever edits

    objects = TicketManager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.CheckConstraint(condition=~Q(subject=""), name="ticket_has_subject"),
            models.CheckConstraint(
                condition=Q(impact__range=(1, 3), urgency__range=(1, 3), priority__range=(1, 5)),
                name="ticket_levels_in_range",
            ),
            models.CheckConstraint(
                condition=Q(priority_override=None, override_reason="")
                | Q(priority_override__isnull=False, priority=F("priority_override"))
                & ~Q(override_reason=""),
                name="ticket_override_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    status_category="merged",
                    merged_into__isnull=False,
                    status_before_merge__isnull=False,
                )
                | ~Q(status_category="merged") & Q(merged_into=None, status_before_merge=None),
                name="ticket_merged_points_to_survivor",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="ticket_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="ticket_not_its_own_parent"
            ),
            models.CheckConstraint(
                condition=Q(status_category__in=["resolved", "closed"], resolved_at__isnull=False)
                | Q(status_category="merged")
                | ~Q(status_category__in=["resolved", "closed", "merged"]) & Q(resolved_at=None),
                name="ticket_resolved_at_matches_status",
            ),
            models.CheckConstraint(
                condition=Q(status_category="closed", closed_at__isnull=False)
                | ~Q(status_category="closed") & Q(closed_at=None),
                name="ticket_closed_at_matches_status",
            ),
            models.CheckConstraint(
                condition=Q(status_category="scheduled", scheduled_until__isnull=False)
                | Q(status_category="merged")  # kept for its return
                | ~Q(status_category__in=["scheduled", "merged"]) & Q(scheduled_until=None),
                name="ticket_scheduled_has_date",
            ),
        ]
        indexes = [
            # The queue, newest activity first: .active(), within a team, within an assignee.
            models.Index(
                fields=["-updated_at", "-id"],
                name="ticket_active",
                condition=Q(status_category__in=_ACTIVE),
            ),
            models.Index(
                fields=["team", "-updated_at", "-id"],
                name="ticket_active_team",
                condition=Q(status_category__in=_ACTIVE),
            ),
            models.Index(
                fields=["assignee", "-updated_at", "-id"],
                name="ticket_active_assignee",
                condition=Q(status_category__in=_ACTIVE),
            ),
            # The queue in its other orders (apps.tickets.orders): urgent first, oldest first, what
            # is due first, who waits longest; the last two also within an assignee, for the
            # dashboard.
            models.Index(
                fields=["priority", "-updated_at", "-id"],
                name="ticket_active_priority",
                condition=Q(status_category__in=_ACTIVE),
            ),
            models.Index(
                fields=["raised_at", "id"],
                name="ticket_active_raised",
                condition=Q(status_category__in=_ACTIVE),
            ),
            models.Index(
                fields=["next_due_at", "id"],
                name="ticket_active_due",
                condition=Q(status_category__in=_ACTIVE, next_due_at__isnull=False),
            ),
            models.Index(
                fields=["waiting_since", "id"],
                name="ticket_active_waiting",
                condition=Q(status_category__in=_ACTIVE, waiting_since__isnull=False),
            ),
            models.Index(
                fields=["assignee", "waiting_since", "id"],
                name="ticket_waiting_assignee",
                condition=Q(status_category__in=_ACTIVE, waiting_since__isnull=False),
            ),
            models.Index(
                fields=["assignee", "next_due_at", "id"],
                name="ticket_due_assignee",
                condition=Q(status_category__in=_ACTIVE, next_due_at__isnull=False),
            ),
            # The dashboard: new in a team and nobody's yet, oldest first.
            models.Index(
                fields=["team", "raised_at", "id"],
                name="ticket_unassigned_team",
                condition=Q(status_category__in=_ACTIVE, assignee=None),
            ),
            # Finished ones in the queue, newest activity first.
            models.Index(
                fields=["-updated_at", "-id"],
                name="ticket_finished",
                condition=Q(status_category__in=_FINISHED),
            ),
            # My tickets, and my organisation's, on the portal.
            models.Index(fields=["requester", "-updated_at", "-id"], name="ticket_requester"),
            models.Index(fields=["organisation", "-updated_at", "-id"], name="ticket_organisation"),
            # Chores: what to close or wake next.
            models.Index(
                fields=["resolved_at"],
                name="ticket_to_close",
                condition=Q(status_category="resolved"),
            ),
            models.Index(
                fields=["scheduled_until"],
                name="ticket_to_wake",
                condition=Q(status_category="scheduled"),
            ),
            models.Index(
                fields=["updated_at"], name="ticket_pending", condition=Q(status_category="pending")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"


class Waiting(models.Model):
    """A ticket that its team's policy found nobody for; gone as soon as somebody decides."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = _("waiting tickets")
        ordering = ["since", "id"]

    def __str__(self) -> str:
        return f"#{self.ticket_id} waits for {self.team_id}"


class TicketTag(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "tag"], name="ticket_tag_once")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.ticket_id}"


class Participant(models.Model):
    """A watcher: a user, or an address without an account."""

    class Source(models.TextChoices):
        SELF = "self", _("Joined by themselves")
        AGENT = "agent", _("Added by an agent")
        REQUESTER = "requester", _("Added by the requester")
        MAIL = "mail", _("Copied in a mail")
        MERGE = "merge", _("Came with a merged ticket")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    address = models.EmailField(max_length=254, blank=True)
    can_reply = models.BooleanField(default=True)
    source = models.CharField(max_length=10, choices=Source)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField()
    came_with = models.ForeignKey(
        Ticket, models.CASCADE, null=True, blank=True, related_name="+"
    )  # the merged ticket, so that unmerging takes them away again

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, address="") | Q(user=None) & ~Q(address=""),
                name="participant_is_user_or_address",
            ),
            models.UniqueConstraint(
                fields=["ticket", "user"], condition=Q(user__isnull=False), name="participant_user"
            ),
            models.UniqueConstraint(
                fields=["ticket", "address"], condition=~Q(address=""), name="participant_address"
            ),
        ]
        indexes = [
            # Tickets that a person takes part in: TicketQuerySet.visible_to().
            models.Index(
                fields=["user", "ticket"],
                name="participant_tickets",
                condition=Q(user__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.address} on #{self.ticket_id}"


class Link(models.Model):
    """`source` duplicates, relates to, blocks or was caused by `target`."""

    class Kind(models.TextChoices):
        DUPLICATES = "duplicates", _("duplicates")
        RELATES = "relates", _("relates to")
        BLOCKS = "blocks", _("blocks")
        CAUSED_BY = "caused_by", _("was caused by")
        FOLLOWS = "follows", _("follows up")

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="link_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="link_not_to_itself"),
        ]

    def __str__(self) -> str:
        return f"#{self.source_id} {self.get_kind_display()} #{self.target_id}"
