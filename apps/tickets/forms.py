from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.kernel import widgets
from apps.kernel.references import is_ref
from apps.tickets.actions.rating import COMMENT_LIMIT
from apps.tickets.actions.rows import TEXT_LIMIT
from apps.tickets.errors import DoubleSubmissionError
from apps.tickets.models import CategoryField, Score

Kind = CategoryField.Kind


class FilesField(forms.FileField):
    """Any number of files, up to what the settings allow. Cleans to a list."""

    widget = widgets.FilesInput

    @property
    def max_bytes(self) -> int:
        return settings.ATTACHMENT_MAX_BYTES

    @property
    def max_files(self) -> int:
        return settings.ATTACHMENTS_PER_MESSAGE

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        chosen = data if isinstance(data, (list, tuple)) else [data]
        found = [super(FilesField, self).clean(one, initial) for one in chosen if one]
        if len(found) > settings.ATTACHMENTS_PER_MESSAGE:
            raise too_many_files()
        return found


def too_many_files() -> forms.ValidationError:
    most = settings.ATTACHMENTS_PER_MESSAGE
    return forms.ValidationError(_("Attach up to %(most)d files."), params={"most": most})


class UploadsField(forms.Field):
    """Refs of files that were put down before the form was sent. Cleans to a list."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[str]:
        found = list(dict.fromkeys(str(one) for one in value or []))
        if any(not is_ref(one) for one in found):
            raise forms.ValidationError(_("A file that you added is no longer kept. Add it again."))
        return found


class WritingForm(forms.Form):
    """Text with files, sent once: a hidden number tells a second sending of the same form.

    `uploads` are files that the page's script has sent ahead, or that an earlier try left here;
    `attachments` those that come with the form itself.
    """

    text = forms.CharField(
        label=_("Message"),
        max_length=TEXT_LIMIT,
        widget=widgets.Textarea(attrs={"rows": 7}),
    )
    attachments = FilesField(label=_("Files"), required=False)
    uploads = UploadsField(required=False)
    submission = forms.UUIDField(widget=widgets.HiddenInput, initial=uuid.uuid4)

    def add_error(self, field: str | None, error: Any) -> None:
        """A form that was used before gets a new number: its words can be sent after all."""
        super().add_error(field, error)
        if getattr(error, "code", None) == DoubleSubmissionError.code:
            fresh = QueryDict(mutable=True)
            fresh.update(self.data)
            fresh["submission"] = str(uuid.uuid4())
            self.data = fresh

    def add_uploads(self, refs: Sequence[str]) -> None:
        """These files are kept now: they no longer come with the form."""
        sent = cast(QueryDict, self.data).copy()
        sent.setlist("uploads", [*sent.getlist("uploads"), *refs])
        self.data = sent
        self.cleaned_data["uploads"] = [*self.cleaned_data.get("uploads", ()), *refs]
        self.cleaned_data["attachments"] = []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        files = [*cleaned.get("attachments", ()), *cleaned.get("uploads", ())]
        if len(files) > settings.ATTACHMENTS_PER_MESSAGE:
            self.add_error("attachments", too_many_files())
        return cleaned


class RequestForm(WritingForm):
    """A new request, with the fields of its category."""

    subject = forms.CharField(label=_("Subject"), max_length=200, widget=widgets.TextInput)

    field_order = ("subject", "text")

    def __init__(
        self, *args: Any, definitions: Sequence[CategoryField] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.definitions = list(definitions)
        for definition in self.definitions:
            self.fields[f"field_{definition.key}"] = custom_field(definition)
        self.order_fields(
            ["subject", *(f"field_{d.key}" for d in self.definitions), "text", "attachments"]
        )

    def before_text(self) -> list[forms.BoundField]:
        """The subject and the category's own fields."""
        return [self["subject"], *(self[f"field_{d.key}"] for d in self.definitions)]

    def unsent(self) -> RequestForm:
        """The same form with what was typed, as if it had not been sent: without complaints."""
        typed = {name: self[name].value() for name in self.fields if name != "attachments"}
        return type(self)(initial=typed, definitions=self.definitions)

    def custom(self) -> dict[str, object]:
        """Values by the category's own keys."""
        return {d.key: self.cleaned_data[f"field_{d.key}"] for d in self.definitions}


class RatingForm(forms.Form):
    score = forms.TypedChoiceField(
        label=_("How was our help?"), choices=Score.choices, coerce=int, widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label=_("What should we know?"),
        max_length=COMMENT_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def custom_field(definition: CategoryField) -> forms.Field:
    common: dict[str, Any] = {
        "label": definition.label,
        "help_text": definition.help_text,
        "required": definition.required,
    }
    match definition.kind:
        case Kind.NUMBER:
            return forms.DecimalField(**common)
        case Kind.DATE:
            widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            return forms.DateField(widget=widget, **common)
        case Kind.CHOICE:
            options = [("", _("Choose …")), *((o, o) for o in definition.options)]
            return forms.ChoiceField(choices=options, **common)
        case Kind.FLAG:
            return forms.BooleanField(**common)
        case Kind.LONG_TEXT:
            widget_area = forms.Textarea(attrs={"rows": 3})
            return forms.CharField(max_length=5000, widget=widget_area, **common)
        case _:
            return forms.CharField(max_length=200, **common)
