from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.identity import provider
from apps.accounts.models import ApiToken, Organisation, Team, User
from apps.accounts.permissions import Role, Scope

LONGEST_DAYS = 366
ROLES = {
    Role.REQUESTER.value: _("Requester"),
    Role.AGENT.value: _("Agent"),
    Role.TEAM_LEAD.value: _("Team lead"),
    Role.ADMINISTRATOR.value: _("Administrator"),
}
SCOPES = {
    Scope.REQUESTER.value: _("What a requester may do"),
    Scope.WORK.value: _("Work on tickets"),
    Scope.MANAGE.value: _("Run the desk"),
}


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    role = forms.ChoiceField(
        label=_("Role"),
        choices=ROLES.items(),
        widget=UnfoldAdminSelectWidget,
    )
    locale = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("email", "name", "organisation", "is_organisation_manager", "is_active")
        labels = {
            "email": _("E-mail"),
            "name": _("Name"),
            "organisation": _("Organisation"),
            "is_organisation_manager": _("Manages the organisation"),
            "is_active": _("May sign in"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zoneinfo.available_timezones() | {"UTC"})
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        self.fields["time_zone"].initial = self.instance.time_zone
        self.fields["locale"].initial = self.instance.locale
        role = (
            self.instance.groups.values_list("name", flat=True).first() if self.instance.pk else ""
        )
        fallback = Role.ADMINISTRATOR if self.instance.is_superuser else Role.REQUESTER
        self.fields["role"].initial = role or fallback
        if _is_told(self.instance):
            self.fields["role"].disabled = True
            self.fields["role"].help_text = _(
                "Their groups at the identity provider decide it, at each sign-in."
            )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("is_organisation_manager") and not self.cleaned_data.get(
            "organisation"
        ):
            self.add_error("organisation", _("Choose the organisation that this person manages."))


def _is_told(person: User) -> bool:
    """Whether a provider gives this person their role, so that a hand-set one wouldn't last."""
    configured = provider()
    if configured is None or not configured.groups_claim or not person.pk:
        return False
    linked = SocialAccount.objects.filter(user=person, provider=configured.id)
    return bool(linked.exists())


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    domains = forms.CharField(
        label=_("E-mail domains"),
        help_text=_("One a line. Whoever proves an address there joins the organisation."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        required=False,
    )

    class Meta:
        model = Organisation
        fields = ("name", "shares_tickets", "notes")
        labels = {
            "name": _("Name"),
            "shares_tickets": _("Members share their tickets"),
            "notes": _("Notes"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["domains"] = "\n".join(
                self.instance.domains.order_by("domain").values_list("domain", flat=True)
            )

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).split()


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    members = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Members"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
    )
    leads = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Leads"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
    )

    class Meta:
        model = Team
        fields = ("name", "private", "assignment_policy", "capacity")
        labels = {
            "name": _("Name"),
            "private": _("Private"),
            "assignment_policy": _("Assignment of new tickets"),
            "capacity": _("Open tickets an agent"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("name")
        for name in ("members", "leads"):
            self.fields[name].queryset = staff  # type: ignore[attr-defined]
        if self.instance.pk:
            members = self.instance.memberships.values_list("user", "is_lead")
            self.initial["members"] = [user for user, _lead in members]
            self.initial["leads"] = [user for user, lead in members if lead]


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    owner_email = forms.EmailField(
        label=_("Owner's e-mail"),
        help_text=_("The token acts for this person."),
        widget=UnfoldAdminTextInputWidget,
    )
    scopes = forms.MultipleChoiceField(
        label=_("May be used for"),
        choices=SCOPES.items(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    days = forms.IntegerField(
        label=_("Days until it ends"),
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=90,
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = ApiToken
        fields = ("name",)
        labels = {"name": _("Name")}

    def clean_owner_email(self) -> User:
        address = str(self.cleaned_data["owner_email"]).lower()
        owner = User.objects.filter(email=address, is_active=True).first()
        if owner is None:
            raise forms.ValidationError(_("Nobody here has this address."))
        return owner


class ConfirmForm(forms.Form):
    """Asks before something that can't be undone."""

    sure = forms.BooleanField(
        label=_("Yes, I am sure"), widget=UnfoldBooleanSwitchWidget, required=True
    )
