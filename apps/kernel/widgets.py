"""Django's widgets, drawn here: its templates for each cost as much as a message of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class _Input(forms.Widget):
    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,  # noqa: ARG002
    ) -> SafeString:
        drawn = self.get_context(name, value, attrs)["widget"]
        typed = drawn["value"]
        return format_html(
            '<input type="{}" name="{}"{}{}>',
            drawn["type"],
            drawn["name"],
            format_html(' value="{}"', typed) if typed is not None else "",
            _attributes(drawn["attrs"]),
        )


class HiddenInput(_Input, forms.HiddenInput):
    pass


class TextInput(_Input, forms.TextInput):
    pass


class FilesInput(_Input, forms.ClearableFileInput):
    """Any number of files; a form shown again names none of them."""

    allow_multiple_selected = True


class Textarea(forms.Textarea):
    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,  # noqa: ARG002
    ) -> SafeString:
        drawn = self.get_context(name, value, attrs)["widget"]
        return format_html(
            '<textarea name="{}"{}>\n{}</textarea>',
            drawn["name"],
            _attributes(drawn["attrs"]),
            drawn["value"] or "",
        )


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    return format_html_join(
        "",
        "{}",
        (
            (format_html(" {}" if value is True else ' {}="{}"', name, value),)
            for name, value in attrs.items()
            if value is not False
        ),
    )
