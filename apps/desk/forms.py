"""What an agent writes: a reply or a note, and a ticket for somebody who called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.desk.actions import Composed
from apps.desk.models import Draft, SavedView
from apps.desk.models.views import LONGEST_NAME
from apps.desk.panels.base import refreshed
from apps.desk.panels.properties import statuses_after
from apps.tickets.forms import RequestForm, WritingForm
from apps.tickets.models import Level, Message, Status, Ticket, Upload

MOST_USED = 50  # saved replies in one text


class NumbersField(forms.CharField):
    """Ids with commas between them. What is none is left out."""

    def clean(self, value: Any) -> list[int]:
        parts = str(value or "").split(",")[:MOST_USED]
        return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]  # noqa: PLR2004 - what a database calls an id


class ComposerForm(WritingForm):
    """A reply or a work note. `seen` is the newest message that its writer had before them."""

    status = forms.ModelChoiceField(Status.objects.none(), required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    used = NumbersField(widget=forms.HiddenInput, required=False)
    without = forms.MultipleChoiceField(required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, Any] | None = None,
        *,
        ticket: Ticket,
        kind: str,
        seen: int,
        draft: Draft | None = None,
    ) -> None:
        initial: dict[str, object] = {"seen": seen}
        if draft is not None:
            initial |= {"text": draft.text, "used": ",".join(map(str, draft.used))}
        super().__init__(data, files, initial=initial, auto_id=f"{kind}-%s")
        self.kind, self.draft = kind, draft
        self.pending: Sequence[Upload] = ()  # files that a refused form still holds
        self.kept = list(draft.files.all()) if draft is not None else []
        self.fields["text"].widget.attrs |= {"rows": 4, "dir": "auto"}
        self.fields["without"].choices = [(str(f.pk), f.name) for f in self.kept]  # type: ignore[attr-defined]
        if data is not None:
            self.fields["status"].queryset = statuses_after(ticket).exclude(  # type: ignore[attr-defined]
                category="scheduled"  # that one needs a date: the panel asks for it
            )

    @classmethod
    def blank(cls, kind: str, *, seen: str, submission: str) -> Self:
        """Nothing is written, and these stand in its hidden fields."""
        form = cls(ticket=Ticket(), kind=kind, seen=0)
        form.initial["seen"], form.initial["submission"] = seen, submission
        return form

    def refresh(self, seen: int) -> None:
        """Send it again with what is new before its writer: they have been told of it."""
        self.data = refreshed(self.data, "seen", seen)

    def composed(self) -> Composed:
        data = self.cleaned_data
        return Composed(
            text=data["text"],
            submission=data["submission"],
            seen=data["seen"] or 0,
            status=data["status"],
            uploads=data["uploads"],
            without=frozenset(map(int, data["without"])),
            used=data["used"],
        )


def newest_message(ticket: Ticket) -> int:
    """The id of the last message there, or where a merged ticket's conversation goes on."""
    places = [ticket.pk, ticket.merged_into_id or ticket.pk]
    last = Message.objects.filter(ticket__in=places).order_by("-pk").values_list("pk", flat=True)
    return last.first() or 0


class AgentRequestForm(RequestForm):
    """A ticket for a customer who called or came by.

    An address that nobody has is refused, with a word to whoever may invite people: with their
    name and the button “invite” it is taken.
    """

    requester = forms.EmailField(
        label=_("Requester's e-mail"),
        help_text=_("Somebody who has an account here: type part of their name or address."),
    )
    name = forms.CharField(label=_("Their name"), max_length=120, required=False)
    impact = forms.TypedChoiceField(label=_("Impact"), choices=Level.choices, coerce=int)
    urgency = forms.TypedChoiceField(label=_("Urgency"), choices=Level.choices, coerce=int)

    def __init__(self, *args: Any, may_invite: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_invite = may_invite
        self.person: User | None = None
        self.offers_invitation = False
        first = ("requester", "name")
        self.order_fields([*first, *(n for n in self.fields if n not in first)])
        self.fields["requester"].widget.attrs |= {
            "list": "people-like",
            "autocomplete": "off",
            "hx-get": reverse("admin:tickets_ticket_people_like"),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "#people-like",
        }

    @property
    def is_newcomer(self) -> bool:
        return self.person is None

    def parts(self) -> list[forms.BoundField]:
        """What is shown one below the other; files come after it, in their own way."""
        left_out = {"attachments"} if self.offers_invitation else {"attachments", "name"}
        return [field for field in self.visible_fields() if field.name not in left_out]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        address = cleaned.get("requester", "").lower()
        if not address:
            return cleaned
        self.person = User.objects.filter(email=address, is_active=True).first()
        self.offers_invitation = self.person is None and self.may_invite
        if self.person is not None:
            return cleaned
        if not self.may_invite:
            self.add_error(
                "requester",
                _("Nobody here has this address. Let an administrator invite them first."),
            )
        elif "invite" not in self.data:
            self.add_error(
                "requester", _("Nobody here has this address. Correct it, or invite them.")
            )
        elif not cleaned.get("name", "").strip():
            self.add_error("name", _("Say who it is."))
        return cleaned


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
