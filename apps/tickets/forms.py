from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.tickets.actions.rows import TEXT_LIMIT
from apps.tickets.errors import DoubleSubmissionError
from apps.tickets.models import CategoryField

Kind = CategoryField.Kind


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, up to what the settings allow. Cleans to a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        chosen = data if isinstance(data, (list, tuple)) else [data]
        found = [super(FilesField, self).clean(one, initial) for one in chosen if one]
        if len(found) > settings.ATTACHMENTS_PER_MESSAGE:
            most = settings.ATTACHMENTS_PER_MESSAGE
            raise forms.ValidationError(_("Attach up to %(most)d files."), params={"most": most})
        return found


class WritingForm(forms.Form):
    """Text with files, sent once: a hidden number tells a second sending of the same form."""

    text = forms.CharField(
        label=_("Message"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    attachments = FilesField(label=_("Files"), required=False)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def add_error(self, field: str | None, error: Any) -> None:
        """A form that was used before gets a new number: its words can be sent after all."""
        super().add_error(field, error)
        if getattr(error, "code", None) == DoubleSubmissionError.code:
            fresh = QueryDict(mutable=True)
            fresh.update(self.data)
            fresh["submission"] = str(uuid.uuid4())
            self.data = fresh


class RequestForm(WritingForm):
    """A new request, with the fields of its category."""

    subject = forms.CharField(label=_("Subject"), max_length=200)

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

    def custom(self) -> dict[str, object]:
        """Values by the category's own keys."""
        return {d.key: self.cleaned_data[f"field_{d.key}"] for d in self.definitions}


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
