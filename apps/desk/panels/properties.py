from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.desk.panels.base import Panel
from apps.kernel.actors import Actor
from apps.tickets import actions, custom, policies, statuses
from apps.tickets.forms import custom_field
from apps.tickets.models import Category, Level, Status, Tag, Ticket


def statuses_after(ticket: Ticket) -> Any:
    """The statuses that the workflow lets this ticket have next, its own among them."""
    allowed = [
        category.value
        for category in statuses.StatusCategory
        if category != statuses.StatusCategory.MERGED
        and statuses.allows(ticket.status_category, category)
    ]
    return Status.objects.filter(archived=False, category__in=allowed)


class TakePanel(Panel):
    name, title, button = "take", _("Take"), _("Take")
    done = _("It is yours.")

    def apply(self, *, now: datetime) -> Ticket:
        return actions.take(
            ticket=self.ticket, actor=self.actor, now=now, expected_version=self.expected_version
        )


class StatusPanel(Panel):
    name, title, button = "status", _("Status"), _("Change status")
    is_open = True

    status = forms.ModelChoiceField(Status.objects.none(), label=_("Status"), empty_label=None)
    until = forms.DateTimeField(
        label=_("Scheduled until"),
        help_text=_("Only for a scheduled ticket: when it wakes."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return super().allowed(ticket, actor) and ticket.status_category not in statuses.TERMINAL

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"status": ticket.status_id, "until": ticket.scheduled_until}

    def prepare(self) -> None:
        self.fields["status"].queryset = statuses_after(self.ticket)  # type: ignore[attr-defined]

    def apply(self, *, now: datetime) -> Ticket:
        scheduled = self.cleaned_data["status"].category == statuses.StatusCategory.SCHEDULED
        return actions.change_status(
            ticket=self.ticket,
            status=self.cleaned_data["status"],
            until=self.cleaned_data["until"] if scheduled else None,
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


class AssignPanel(Panel):
    name, title, button = "assign", _("Assignment"), _("Assign")
    is_open = True

    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Team"), required=False, empty_label=_("No team")
    )
    assignee = forms.ModelChoiceField(
        User.objects.none(), label=_("Assignee"), required=False, empty_label=_("Nobody")
    )

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"team": ticket.team_id, "assignee": ticket.assignee_id}

    def prepare(self) -> None:
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("name")
        self.fields["assignee"].queryset = staff  # type: ignore[attr-defined]

    def apply(self, *, now: datetime) -> Ticket:
        return actions.assign(
            ticket=self.ticket,
            team=self.cleaned_data["team"],
            assignee=self.cleaned_data["assignee"],
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


class SortPanel(Panel):
    name, title, button = "sort", _("Category and priority"), _("Save")
    is_open = True

    category = forms.ModelChoiceField(
        Category.objects.filter(archived=False),
        label=_("Category"),
        required=False,
        empty_label=_("None"),
    )
    impact = forms.TypedChoiceField(label=_("Impact"), choices=Level.choices, coerce=int)
    urgency = forms.TypedChoiceField(label=_("Urgency"), choices=Level.choices, coerce=int)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {
            "category": ticket.category_id,
            "impact": ticket.impact,
            "urgency": ticket.urgency,
        }

    @transaction.atomic
    def apply(self, *, now: datetime) -> Ticket:
        ticket = actions.categorise(
            ticket=self.ticket,
            category=self.cleaned_data["category"],
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )
        return actions.prioritise(
            ticket=ticket,
            impact=self.cleaned_data["impact"],
            urgency=self.cleaned_data["urgency"],
            actor=self.actor,
            now=now,
        )


class OverridePanel(Panel):
    name, title, button = "override", _("Override the priority"), _("Override")
    icon = "priority_high"

    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=[("", _("As the matrix says")), *((n, f"P{n}") for n in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_override_priority(actor, ticket)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"priority": ticket.priority_override, "reason": ticket.override_reason}

    def apply(self, *, now: datetime) -> Ticket:
        return actions.override_priority(
            ticket=self.ticket,
            priority=self.cleaned_data["priority"],
            reason=self.cleaned_data["reason"],
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


class IncidentPanel(Panel):
    name, title, button = "incident", _("Major incident"), _("Save")
    icon = "crisis_alert"

    major = forms.BooleanField(
        label=_("This is a major incident: it comes before every priority"), required=False
    )

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_declare_major_incident(actor, ticket)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"major": ticket.is_major_incident}

    def apply(self, *, now: datetime) -> Ticket:
        return actions.declare_major_incident(
            ticket=self.ticket, major=self.cleaned_data["major"], actor=self.actor, now=now
        )


class TagsPanel(Panel):
    name, title, button = "tags", _("Tags"), _("Save tags")

    add = forms.CharField(
        label=_("Add"),
        help_text=_("Several with commas between them."),
        max_length=400,
        required=False,
    )
    remove = forms.ModelMultipleChoiceField(
        Tag.objects.none(),
        label=_("Take away"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def prepare(self) -> None:
        tags = self.ticket.tags.all()
        if tags:
            self.fields["remove"].queryset = tags  # type: ignore[attr-defined]
        else:
            del self.fields["remove"]

    def apply(self, *, now: datetime) -> Ticket:
        wanted = [name.strip() for name in self.cleaned_data["add"].split(",")]
        return actions.tag(
            ticket=self.ticket,
            add=[name for name in wanted if name],
            remove=[tag.name for tag in self.cleaned_data.get("remove", ())],
            actor=self.actor,
            now=now,
        )


class SubjectPanel(Panel):
    name, title, button = "subject", _("Subject"), _("Save")

    subject = forms.CharField(label=_("Subject"), max_length=200)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"subject": ticket.subject}

    def apply(self, *, now: datetime) -> Ticket:
        return actions.edit(
            ticket=self.ticket,
            subject=self.cleaned_data["subject"],
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


class EditPanel(Panel):
    name, title, button = "edit", _("Details"), _("Save details")
    icon = "description"

    subject = forms.CharField(label=_("Subject"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Ticket.Kind.choices)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        values = {f"field_{key}": value for key, value in ticket.custom.items()}
        return {"subject": ticket.subject, "kind": ticket.kind, **values}

    def prepare(self) -> None:
        self.definitions = custom.definitions_for(self.ticket.category)
        for definition in self.definitions:
            field = custom_field(definition)
            field.required = False  # what the customer left out may stay out
            self.fields[f"field_{definition.key}"] = field

    def apply(self, *, now: datetime) -> Ticket:
        values = {d.key: self.cleaned_data[f"field_{d.key}"] for d in self.definitions}
        return actions.edit(
            ticket=self.ticket,
            subject=self.cleaned_data["subject"],
            kind=self.cleaned_data["kind"],
            custom=values if self.definitions else None,
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )
