from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team

if TYPE_CHECKING:
    from apps.kernel.actors import Actor

LONGEST_BODY = 10_000  # characters


class SavedReplyQuerySet(models.QuerySet["SavedReply"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everybody's, one's teams' and one's own."""
        return self.filter(
            Q(scope="global")
            | Q(scope="team", team__in=actor.team_ids)
            | Q(scope="personal", owner=actor.id)
        )

    def in_use(self) -> Self:
        return self.filter(archived=False)


SavedReplyManager = models.Manager.from_queryset(SavedReplyQuerySet)


class SavedReply(models.Model):
    """A text that agents send often. `body` is Markdown with variables (apps.desk.variables)."""

    class Scope(models.TextChoices):
        PERSONAL = "personal", _("Only me")
        TEAM = "team", _("A team")
        GLOBAL = "global", _("Everybody on the desk")

    title = models.CharField(_("title"), max_length=80)
    shortcut = models.SlugField(
        _("shortcut"),
        max_length=30,
        blank=True,
        help_text=_("A word to find it by: type / and the word."),
    )
    body = models.TextField(_("text"), max_length=LONGEST_BODY)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.PERSONAL)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    used_count = models.PositiveIntegerField(_("used"), default=0, editable=False)
    archived = models.BooleanField(_("archived"), default=False, help_text=_("No longer offered."))
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = SavedReplyManager()

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="personal", owner__isnull=False, team=None)
                | Q(scope="team", owner=None, team__isnull=False)
                | Q(scope="global", owner=None, team=None),
                name="saved_reply_belongs_to_its_scope",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(body=""), name="saved_reply_says_something"
            ),
        ]

    def __str__(self) -> str:
        return self.title
