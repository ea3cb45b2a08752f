from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanWidget,
)

from apps.events.facts import registered
from apps.webhooks.models import Endpoint
from apps.webhooks.offers import OFFERED


class Whose(models.TextChoices):
    """What it is told about. Chosen each time: nobody's blank field may mean all customers."""

    ONE = "one", _("Of one organisation: of its tickets, and of nothing else")
    EVERYBODY = "everybody", _("Of all customers and all of their tickets")
    OURS = "ours", _("Of everything, as our own systems do, work notes' numbers included")


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    whose = forms.ChoiceField(
        label=_("Of whom it hears"),
        choices=Whose.choices,
        widget=UnfoldAdminRadioSelectWidget,
    )
    sure = forms.BooleanField(
        label=_("More than one organisation"),
        help_text=_("Yes, this server may hear of every customer, whoever it belongs to."),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    facts = forms.MultipleChoiceField(
        label=_("Facts"),
        help_text=_("They tell nothing that customers couldn't see on the portal."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
    )
    internal_facts = forms.MultipleChoiceField(
        label=_("Internal facts"),
        help_text=_("Only for our own systems."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
    )
    url = forms.CharField(
        label=_("URL"),
        help_text=_("It begins with https:// and can be reached by anybody."),
        max_length=500,
        widget=UnfoldAdminURLInputWidget,
    )

    class Meta:
        model = Endpoint
        fields = ("name", "url", "organisation")
        labels = {"name": _("Name"), "organisation": _("Organisation")}
        help_texts = {
            "organisation": _("Whose it is. Its managers are told when it is switched off."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = [name for name in registered() if name not in OFFERED]
        self.fields["facts"].choices = _told(sorted(OFFERED))  # type: ignore[attr-defined]
        self.fields["internal_facts"].choices = _told(inside)  # type: ignore[attr-defined]
        kept = self.instance.facts
        self.initial["facts"] = [name for name in kept if name in OFFERED]
        self.initial["internal_facts"] = [name for name in kept if name not in OFFERED]
        self.was = whose(self.instance) if self.instance.pk else None
        if self.was:
            self.initial["whose"] = self.was

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, organisation = data.get("whose"), data.get("organisation")
        if chosen == Whose.ONE and organisation is None:
            self.add_error("organisation", _("Choose the organisation."))
        if chosen in _MANY and organisation is not None:
            told = _(
                "You chose more than one organisation above: leave this empty, or choose again."
            )
            self.add_error("organisation", told)
        if chosen in _MANY and chosen != self.was and not data.get("sure"):
            self.add_error("sure", _("Say that this is what you want."))
        return data


_MANY = (Whose.EVERYBODY, Whose.OURS)


def whose(endpoint: Endpoint) -> Whose:
    if endpoint.internal:
        return Whose.OURS
    return Whose.EVERYBODY if endpoint.organisation_id is None else Whose.ONE


def _told(names: Iterable[str]) -> list[tuple[str, SafeString]]:
    """Each fact by its name, as a receiver reads it, and what it means."""
    known = registered()
    return [(name, format_html("<code>{}</code> {}", name, known[name].words)) for name in names]
