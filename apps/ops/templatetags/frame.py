"""The head and the foot of every page, rendered once for each kind of reader.

What is one's own (a name, an address, a form's token) is a hole in what was rendered, and is
filled for each request out of the page's own context.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable
from typing import Any

from django import template
from django.conf import settings
from django.template import Context, Variable
from django.template.base import render_value_in_context
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

_HOLE = re.compile("\ue000(.*?)\ue001")
_MOST = 500  # renderings that are kept: languages, looks and counts of the unread
_PAGES = ("ticket_list", "help", "ticket_choose")  # what the head leads to

Known = tuple[tuple[str, Hashable], ...]


@register.simple_tag(takes_context=True)
def page_head(context: Context) -> SafeString:
    user = context["user"]
    is_signed_in = user.is_authenticated
    known = {
        "user.is_authenticated": is_signed_in,
        "user.is_staff": user.is_staff,
        "request.path": context["request"].path if _is_in_head(context["request"].path) else "",
        "is_demo": context["is_demo"],
        "local_accounts": settings.LOCAL_ACCOUNTS,
        "unread": context["unread"]() if is_signed_in else 0,
    }
    return _filled("components/header.html", known, context)


@register.simple_tag(takes_context=True)
def page_foot(context: Context) -> SafeString:
    known = {
        "theme": context["theme"],
        "failure": bool(context.get("failure")),
        "is_demo": context["is_demo"],
    }
    return _filled("components/footer.html", known, context)


def _is_in_head(path: str) -> bool:
    return any(path == reverse(name) for name in _PAGES)


def _filled(name: str, known: dict[str, Hashable], context: Context) -> SafeString:
    kind = (*known.items(), ("icons", context["icons"]), ("desk_name", settings.DESK_NAME))
    parts = _rendered(name, get_language(), kind)
    return mark_safe(  # noqa: S308 - rendered by a template, or escaped like its variables
        "".join(
            part
            if isinstance(part, str)
            else render_value_in_context(part.resolve(context), context)
            for part in parts
        )
    )


@functools.lru_cache(maxsize=_MOST)
def _rendered(template_name: str, language: str | None, known: Known) -> list[str | Variable]:  # noqa: ARG001 - it is the active one
    """Text and, between, the variables whose values go there."""
    values: dict[str, Any] = {root: _Holes(root) for root in ("user", "request")}
    values["csrf_token"] = _hole("csrf_token")
    for path, value in known:
        root, _, name = path.rpartition(".")
        (values[root] if root else values)[name] = value
    pieces = _HOLE.split(get_template(template_name).render(values))
    return [piece if at % 2 == 0 else Variable(piece) for at, piece in enumerate(pieces)]


class _Holes(dict):  # type: ignore[type-arg]
    """Whatever a template asks of it, and isn't known, is a hole."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def __missing__(self, name: str) -> str:
        return _hole(f"{self._path}.{name}")


def _hole(path: str) -> str:
    return f"\ue000{path}\ue001"
