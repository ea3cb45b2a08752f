"""What an agent writes: a reply or a note, and a ticket for somebody who called."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.desk.models import SavedView
from apps.desk.models.views import LONGEST_NAME
from apps.desk.panels.base import refreshed
from apps.desk.panels.properties import statuses_after
from apps.tickets.forms import RequestForm, WritingForm
from apps.tickets.models import Level, Status, Ticket


class ComposerForm(WritingForm):
    """A reply or a work note; `version` is the ticket as its writer saw it."""

    status = forms.ModelChoiceField(
        Status.objects.none(),
        label=_("Status afterwards"),
        required=False,
        empty_label=_("Leave it as it is"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        ticket: Ticket,
    ) -> None:
        super().__init__(data, files, initial={"version": ticket.version})
        self.fields["status"].queryset = statuses_after(ticket).exclude(  # type: ignore[attr-defined]
            category="scheduled"  # that one needs a date: the panel asks for it
        )

    def refresh(self, version: int) -> None:
        """Send it again against the ticket as it is now: its writer has been told of the news."""
        self.data = refreshed(self.data, version)


class AgentRequestForm(RequestForm):
    """A ticket for a customer who called or came by."""

    requester = forms.EmailField(
        label=_("Requester's e-mail"), help_text=_("Somebody who has an account here.")
    )
    impact = forms.TypedChoiceField(label=_("Impact"), choices=Level.choices, coerce=int)
    urgency = forms.TypedChoiceField(label=_("Urgency"), choices=Level.choices, coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["requester", *(n for n in self.fields if n != "requester")])

    def clean_requester(self) -> User:
        address = self.cleaned_data["requester"].lower()
        person = User.objects.filter(email=address, is_active=True).first()
        if person is None:
            raise forms.ValidationError(
                _("Nobody here has this address. Let an administrator invite them first.")
            )
        return person


class ViewForm(forms.Form):
    """A view's name and who sees it. The filter comes with it as the queue's address has it."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    icon = forms.ChoiceField(label=_("Icon"), choices=SavedView.Icon.choices, required=False)
    sharing = forms.ChoiceField(
        label=_("Who sees it"), choices=SavedView.Sharing.choices, required=False
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(), label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict | None = None, *, teams: Any, everybody: bool) -> None:
        super().__init__(data)
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]
        self.fields["sharing"].choices = [  # type: ignore[attr-defined]
            (value, label)
            for value, label in SavedView.Sharing.choices
            if value != SavedView.Sharing.EVERYBODY or everybody
        ]

    def clean_icon(self) -> str:
        return self.cleaned_data["icon"] or SavedView.Icon.FILTER

    def clean_sharing(self) -> str:
        return self.cleaned_data["sharing"] or SavedView.Sharing.NOBODY
