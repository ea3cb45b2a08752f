from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from apps.events.facts import registered
from apps.webhooks.models import Endpoint
from apps.webhooks.offers import OFFERED


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
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
        fields = ("name", "url", "organisation", "internal")
        labels = {
            "name": _("Name"),
            "organisation": _("Only of this organisation"),
            "internal": _("For our own systems"),
        }
        help_texts = {
            "organisation": _("It hears of this organisation's tickets, and of nothing else."),
            "internal": _("Facts tell all that they hold: teams, people, work notes' numbers."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = [name for name in registered() if name not in OFFERED]
        self.fields["facts"].choices = _told(sorted(OFFERED))  # type: ignore[attr-defined]
        self.fields["internal_facts"].choices = _told(inside)  # type: ignore[attr-defined]
        kept = self.instance.facts
        self.initial["facts"] = [name for name in kept if name in OFFERED]
        self.initial["internal_facts"] = [name for name in kept if name not in OFFERED]


def _told(names: Iterable[str]) -> list[tuple[str, SafeString]]:
    """Each fact by its name, as a receiver reads it, and what it means."""
    known = registered()
    return [(name, format_html("<code>{}</code> {}", name, known[name].words)) for name in names]
