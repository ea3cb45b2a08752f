"""Widgets that are drawn without templates."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from apps.kernel import widgets

STRANGE = '<b> & "quotes" \'n {braces} %s'
ATTRS: list[dict[str, Any]] = [
    {},
    {"id": "id_x", "required": True, "disabled": False, "maxlength": 5},
    {"data-x": STRANGE, "aria-invalid": "true"},
]
PAIRS = [
    (widgets.HiddenInput, forms.HiddenInput),
    (widgets.TextInput, forms.TextInput),
    (widgets.Textarea, forms.Textarea),
]


@pytest.mark.parametrize("attrs", ATTRS)
@pytest.mark.parametrize("value", [None, "", "words", STRANGE, 0, 5])
@pytest.mark.parametrize(("drawn", "django"), PAIRS)
def test_are_drawn_as_django_draws_them(
    drawn: type[forms.Widget], django: type[forms.Widget], value: Any, attrs: dict[str, Any]
) -> None:
    assert drawn().render("field", value, attrs) == django().render("field", value, attrs)


@pytest.mark.parametrize("attrs", ATTRS)
def test_a_chooser_of_files_never_says_which(attrs: dict[str, Any]) -> None:
    class Django(forms.ClearableFileInput):
        allow_multiple_selected = True

    assert widgets.FilesInput().render("field", None, attrs) == Django().render(
        "field", None, attrs
    )
