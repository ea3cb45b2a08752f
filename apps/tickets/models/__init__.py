from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organisation, Team
from apps.kernel.references import REF_LENGTH, new_ref
from apps.tickets.models.ratings import Rating, Score
from apps.tickets.models.uploads import Upload
from apps.tickets.querysets import AttachmentQuerySet, MessageQuerySet, TicketQuerySet
from apps.tickets.statuses import ACTIVE, FINISHED, StatusCategory

__all__ = [
    "Attachment",
    "Category",
    "CategoryField",
    "Channel",
    "Level",
    "Link",
    "Message",
    "Participant",
    "PriorityRule",
    "Rating",
    "Score",
    "Status",
    "Tag",
    "Ticket",
    "TicketTag",
    "Upload",
]

TicketManager = models.Manager.from_queryset(TicketQuerySet)
MessageManager = models.Manager.from_queryset(MessageQuerySet)
AttachmentManager = models.Manager.from_queryset(AttachmentQuerySet)

models.CharField.register_lookup(Length)

_ACTIVE = sorted(ACTIVE)
_FINISHED = sorted(FINISHED)
# Their texts stand in words.STATUS_LABELS.
_STATUS_CATEGORIES = [(c.value, _(c.value.replace("_", " ").capitalize())) for c in StatusCategory]


class Level(models.IntegerChoices):
    """Impact and urgency: 1 is the most severe."""

    HIGH = 1, _("High")
    MEDIUM = 2, _("Medium")
    LOW = 3, _("Low")


class Channel(models.TextChoices):
    PORTAL = "portal", _("Portal")
    MAIL = "mail", _("Mail")
    API = "api", _("API")
    VOICE = "voice", _("Voice")
    AGENT = "agent", _("By an agent")  # raised for a requester who called or came by


class Status(models.Model):
    """A word for where a ticket stands; the category behind it decides what it means."""

    slug = models.SlugField(_("name in addresses"), max_length=40, unique=True)
    agent_label = models.CharField(_("agents read"), max_length=40)
    customer_label = models.CharField(_("customers read"), max_length=60)
    category = models.CharField(_("meaning"), max_length=10, choices=_STATUS_CATEGORIES)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    is_default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_("The one that a ticket gets when it enters the category."),
    )
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("status")
        verbose_name_plural = _("statuses")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["category"], condition=Q(is_default=True), name="status_one_default"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(archived=False), name="status_default_is_in_use"
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.agent_label)


class PriorityRule(models.Model):
    """One cell of the matrix: priority = impact x urgency."""

    impact = models.PositiveSmallIntegerField(_("impact"), choices=Level)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Level)
    priority = models.PositiveSmallIntegerField(_("priority"))

    class Meta:
        verbose_name = _("priority rule")
        verbose_name_plural = _("priority rules")
        ordering = ["impact", "urgency"]
        constraints = [
            models.UniqueConstraint(fields=["impact", "urgency"], name="priority_rule_once"),
            models.CheckConstraint(
                condition=Q(priority__range=(1, 5)), name="priority_rule_in_range"
            ),
        ]

    def __str__(self) -> str:
        return gettext("impact %(impact)s x urgency %(urgency)s = P%(priority)d") % {
            "impact": self.get_impact_display(),
            "urgency": self.get_urgency_display(),
            "priority": self.priority,
        }


class Category(models.Model):
    """Categorisation: a tree. A ticket takes its team, impact and urgency from here."""

    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    slug = models.SlugField(_("name in addresses"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=200, blank=True)
    team = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("default team"),
    )
    impact = models.PositiveSmallIntegerField(_("impact"), choices=Level, default=Level.LOW)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Level, default=Level.MEDIUM)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    archived = models.BooleanField(
        _("archived"), default=False, help_text=_("No longer offered; tickets keep it.")
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="category_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CategoryField(models.Model):
    """A custom field that tickets of a category (and of those below it) carry."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        LONG_TEXT = "long_text", _("Long text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("One of a list")
        FLAG = "flag", _("Yes or no")

    category = models.ForeignKey(
        Category, models.CASCADE, related_name="fields", verbose_name=_("category")
    )
    key = models.SlugField(_("key"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    help_text = models.CharField(_("hint"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    required = models.BooleanField(_("required"), default=False)
    options = models.JSONField(
        _("entries"), default=list, blank=True, help_text=_("The list's entries.")
    )
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["category", "key"], name="category_field_once"),
        ]

    def __str__(self) -> str:
        return self.label


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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
    status_category = models.CharField(max_length=10, choices=_STATUS_CATEGORIES)
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


class Message(models.Model):
    """A public reply or a work note. `html` is safe to show: sanitised once, from `source`."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public reply")
        INTERNAL = "internal", _("Work note")

    class Direction(models.TextChoices):
        IN = "in", _("From the customer")
        OUT = "out", _("From the desk")

    class Delivery(models.TextChoices):
        NONE = "none", _("Not mailed")
        QUEUED = "queued", _("Waiting to be mailed")
        SENT = "sent", _("Mailed")
        FAILED = "failed", _("Could not be mailed")
        BOUNCED = "bounced", _("Came back")

    class Format(models.TextChoices):
        MARKDOWN = "markdown", _("Markdown")
        PLAIN = "plain", _("Plain text")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # null: the desk itself
    visibility = models.CharField(max_length=10, choices=Visibility)
    direction = models.CharField(max_length=3, choices=Direction)
    channel = models.CharField(max_length=10, choices=Channel)
    is_automatic = models.BooleanField(default=False)  # never counts as a response
    source = models.TextField()
    form = models.CharField(max_length=10, choices=Format)
    html = models.TextField()
    sanitiser_version = models.PositiveSmallIntegerField()
    message_id = models.CharField(max_length=250, null=True, unique=True)
    in_reply_to = models.CharField(max_length=250, blank=True)
    references = models.TextField(blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.NONE)
    submission = models.UUIDField(null=True, unique=True)  # one form, one message
    created_at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True)

    objects = MessageManager()

    class Meta:
        indexes = [
            # A ticket's conversation in time order.
            models.Index(fields=["ticket", "created_at", "id"], name="message_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.visibility} message {self.pk} on #{self.ticket_id}"


class Attachment(models.Model):
    class Scan(models.TextChoices):
        PENDING = "pending", _("Not checked yet")
        CLEAN = "clean", _("Checked")
        QUARANTINED = "quarantined", _("Held back")

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    key = models.CharField(max_length=100, unique=True)  # where the storage keeps it: never a name
    name = models.CharField(max_length=200)  # what the sender called it: data, never a path
    content_type = models.CharField(max_length=100)  # sniffed
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=11, choices=Scan, default=Scan.PENDING)
    redacted_at = models.DateTimeField(null=True)

    objects = AttachmentManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sha256__length=64), name="attachment_has_digest"),
        ]

    def __str__(self) -> str:
        return self.name


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
