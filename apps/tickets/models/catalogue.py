"""What tickets are sorted by: statuses, priorities, categories with their fields, tags."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team
from apps.tickets.statuses import StatusCategory

models.CharField.register_lookup(Length)

# Their texts stand in words.STATUS_LABELS.
STATUS_CATEGORIES = [(c.value, _(c.value.replace("_", " ").capitalize())) for c in StatusCategory]


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
    category = models.CharField(_("meaning"), max_length=10, choices=STATUS_CATEGORIES)
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
