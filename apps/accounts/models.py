from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.managers import UserManager
from apps.accounts.permissions import DESCRIPTIONS
from apps.kernel.references import REF_LENGTH, new_ref


class Organisation(models.Model):
    """A customer: a company whose people raise tickets."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    shares_tickets = models.BooleanField(
        _("shares tickets"),
        default=False,
        help_text=_("All members see each other's tickets. Managers always do."),
    )
    notes = models.TextField(_("notes"), blank=True, help_text=_("For staff only."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(models.Model):
    """Whoever proves an address at this domain joins the organisation."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253, unique=True, help_text=_("example.com"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(domain=Lower("domain")) & ~Q(domain__contains="@") & ~Q(domain=""),
                name="organisation_domain_is_plain_lower_case",
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class User(AbstractBaseUser, PermissionsMixin):
    """A requester or a member of staff. The address is the login, kept in lower case."""

    ref = models.CharField(max_length=REF_LENGTH, unique=True, default=new_ref, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    locale = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("organisation"),
    )
    is_organisation_manager = models.BooleanField(
        _("manages the organisation"),
        default=False,
        help_text=_("Sees every ticket of the organisation."),
    )
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [(name.value, text) for name, text in DESCRIPTIONS.items()]
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(is_organisation_manager=False) | Q(organisation__isnull=False),
                name="user_manager_has_organisation",
            ),
            models.CheckConstraint(
                condition=Q(anonymised_at=None) | Q(is_active=False),
                name="user_anonymised_cannot_sign_in",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    def get_short_name(self) -> str:
        return self.get_full_name().partition(" ")[0]

    def initials(self) -> str:
        """One or two letters that stand for a picture."""
        first, _, last = self.get_full_name().partition(" ")
        return first[:1] + last.rpartition(" ")[2][:1]


class Team(models.Model):
    """A support group: who works on what."""

    class Assignment(models.TextChoices):
        MANUAL = "manual", _("By hand")
        ROUND_ROBIN = "round_robin", _("In turn (round robin)")
        LEAST_LOADED = "least_loaded", _("To whoever has the fewest open tickets")

    name = models.CharField(_("name"), max_length=80, unique=True)
    private = models.BooleanField(
        _("private"),
        default=False,
        help_text=_("Only members and administrators see this team's tickets."),
    )
    assignment_policy = models.CharField(
        _("assignment of new tickets"),
        max_length=12,
        choices=Assignment,
        default=Assignment.MANUAL,
        db_default=Assignment.MANUAL.value,
        help_text=_("Holds for what comes in from now on. Nobody who is away or off gets any."),
    )
    capacity = models.PositiveSmallIntegerField(
        _("open tickets an agent"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Who has so many gets no more by themselves. Empty: no limit."),
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="TeamMember", related_name="teams"
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gte=1), name="team_capacity_is_some"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)
    # The number of the team's automatic assignment that went to them last; a clock would tie.
    turn = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}"


class AgentState(models.Model):
    """Whether somebody takes new tickets. Who has no row is available."""

    class Availability(models.TextChoices):
        AVAILABLE = "available", _("Available")
        AWAY = "away", _("Away")  # for a while: keeps their tickets
        OFF = "off", _("Off")  # not at work: what reopens goes to somebody else

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="agent_state"
    )
    availability = models.CharField(max_length=9, choices=Availability)
    until = models.DateTimeField(null=True, blank=True)  # available again by themselves
    note = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | ~Q(availability="available"),
                name="agent_state_until_ends_an_absence",
            ),
        ]
        indexes = [
            # Whose absence has ended: apps.accounts.tasks.end_absences.
            models.Index(
                fields=["until"], name="agent_state_until", condition=Q(until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.availability}"


class ApiToken(models.Model):
    """A key that acts for its owner, within its scopes. Only its digest is kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(
        _("prefix"), max_length=12, help_text=_("The first characters, to tell keys apart.")
    )
    digest = models.CharField(max_length=64, unique=True)  # SHA-256: the key itself is random
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="api_token_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Throttle(models.Model):
    """How often something was tried in the window that began at `since`.

    Kept in the database, not the cache: one atomic UPDATE counts across processes and parallel
    requests, which the cache's get-and-set does not. The key is a digest: no addresses here.
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField()
    since = models.DateTimeField(db_index=True)  # what the pruning chore deletes by

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"
