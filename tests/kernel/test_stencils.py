"""What is rendered once and filled in says what its template would have said."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from apps.kernel.stencils import Holes, cut, filled, hole, html_of

VALUES = [
    "plain",
    "<b> & \"quoted\" 'too'",
    mark_safe("<b>safe</b>"),
    7,
    None,
    gettext_lazy("Save"),
]
SOURCE = (
    "<p>{{ person.name }} {{ person.age }} {{ person }} <a href='{{ base }}do/'>{{ label }}</a>"
)


def test_a_stencil_fills_in_what_its_template_says() -> None:
    values = {"person": {"name": "<Ann>", "age": 7}, "base": "/x?a=1&b=2/"}
    known = {"label": "Do & done"}

    stencil = cut(Template(SOURCE).render(Context({**{k: Holes(k) for k in values}, **known})))

    plain = Template(SOURCE).render(Context({**values, **known}))
    assert filled(stencil, Context(values)) == plain
    assert filled(stencil, Context(values)) == plain  # and once more


def test_a_hole_may_have_filters() -> None:
    assert filled(cut(f"<p>{hole('name|upper')}</p>"), Context({"name": "a&b"})) == "<p>A&amp;B</p>"


def test_what_is_known_can_not_make_a_hole() -> None:
    name = "\ue000secret\ue001 {{ secret }}"

    assert filled(cut(f"<p>{name}</p>"), Context({"secret": "told"})) == f"<p>{name}</p>"


@pytest.mark.parametrize("value", VALUES)
def test_html_is_escaped_as_django_escapes_it(value: object) -> None:
    text = '<i title="{}">{value}</i>'

    assert html_of(text, value, value=value) == format_html(text, value, value=value)
