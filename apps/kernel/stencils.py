"""HTML rendered once and filled in for each page: a template costs more than what differs in it.

A hole is a template's expression, written out as a marker where its value would stand. Whoever
renders a stencil decides what is known for all its pages, and what is a hole.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from html import escape

from django.template import Context, Engine
from django.template.base import VariableNode
from django.utils.safestring import SafeString, mark_safe

Part = str | VariableNode
Stencil = Sequence[Part]

# Nobody knows it, so no name that somebody chose can be taken for a hole.
_MARK = secrets.token_hex(8)
_HOLE = re.compile(f"\ue000{_MARK}(.*?)\ue001", re.DOTALL)


def hole(expression: str) -> str:
    """Stands for `{{ expression }}`."""
    return f"\ue000{_MARK}{expression}\ue001"


class Holes(dict):  # type: ignore[type-arg]
    """A variable that is a hole, as is whatever a template asks of it and isn't known."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def __missing__(self, name: str) -> str:
        return hole(f"{self._path}.{name}")

    def __str__(self) -> str:
        return hole(self._path)

    def __bool__(self) -> bool:
        return True


def cut(html: str) -> list[Part]:
    """Text and, between, the expressions whose values go there."""
    pieces = _HOLE.split(html)
    return [piece if at % 2 == 0 else _variable(piece) for at, piece in enumerate(pieces)]


def filled(stencil: Iterable[Part], context: Context) -> SafeString:
    """The HTML with this page's values, escaped as its template would have escaped them."""
    return mark_safe(  # noqa: S308 - rendered by a template, or escaped like its variables
        "".join(part if isinstance(part, str) else part.render(context) for part in stencil)
    )


def html_of(template: str, /, *values: object, **named: object) -> SafeString:
    """As format_html; its search for lazy texts costs more than a row's escaping and filling."""
    return mark_safe(  # noqa: S308 - every value is escaped, unless it is safe
        template.format(
            *map(_safe, values), **{name: _safe(value) for name, value in named.items()}
        )
    )


def _safe(value: object) -> str:
    return value.__html__() if isinstance(value, SafeString) else escape(str(value))


def _variable(expression: str) -> VariableNode:
    (node,) = Engine.get_default().from_string(f"{{{{ {expression} }}}}").nodelist
    assert isinstance(node, VariableNode)  # what braces make
    return node
