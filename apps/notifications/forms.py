from __future__ import annotations

from django import forms

from apps.notifications.kinds import STAFF_KINDS, Kind


class PreferencesForm(forms.Form):
    """One switch a kind; customers see those that concern them."""

    def __init__(self, *args: object, is_staff: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for kind in Kind:
            if is_staff or kind not in STAFF_KINDS:
                self.fields[kind.value] = forms.BooleanField(label=kind.label, required=False)

    def choices(self) -> dict[Kind, bool]:
        return {Kind(name): mail for name, mail in self.cleaned_data.items()}
