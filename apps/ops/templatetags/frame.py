"""What surrounds every page, rendered once for each kind of reader.

On the portal that is the head and the foot, on the desk the admin's whole frame. What is one's own
(a name, an address, a form's token) is a hole in it, filled out of the page's own context.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any

from django import template
from django.conf import settings
from django.contrib import admin
from django.contrib.messages.constants import DEFAULT_LEVELS
from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.kernel.stencils import Holes, Stencil, cut, filled, hole
from apps.ops import sidebar

register = template.Library()

_MOST = 500  # renderings that are kept: languages, looks and counts of the unread
_MOST_DESKS = 200  # frames of the desk: one for each of the staff
_PAGES = ("ticket_list", "help", "ticket_choose")  # what the head leads to
_GAPS = ("title", "modules", "sidebar", "content")  # in the desk's frame, in their order
_KEY = "desk_frame"
_DESKS: dict[Hashable, Mapping[str, Stencil]] = {}

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
    return _page_part("components/header.html", known, context)


@register.simple_tag(takes_context=True)
def page_foot(context: Context) -> SafeString:
    known = {
        "theme": context["theme"],
        "failure": bool(context.get("failure")),
        "is_demo": context["is_demo"],
    }
    return _page_part("components/footer.html", known, context)


@register.simple_tag(takes_context=True)
def desk_frame(context: Context, until: str) -> SafeString:
    """The admin's frame from where the page has got to, until the gap of this name."""
    return filled(_desk(context)[until], context)


@register.simple_tag(takes_context=True)
def sidebar_of(context: Context) -> SafeString:
    """Where the desk leads to. Not with the frame: its counts are anew on every page."""
    groups = sidebar.navigation(context["request"])
    bare, badges = sidebar.without_badges(groups)
    with context.push(badges=badges):
        return filled(_sidebar(get_language(), bare), context)


def _is_in_head(path: str) -> bool:
    return any(path == reverse(name) for name in _PAGES)


def _page_part(name: str, known: dict[str, Hashable], context: Context) -> SafeString:
    kind = (*known.items(), ("icons", context["icons"]), ("desk_name", settings.DESK_NAME))
    return filled(_rendered(name, get_language(), kind), context)


@functools.lru_cache(maxsize=_MOST)
def _rendered(template_name: str, language: str | None, known: Known) -> Stencil:  # noqa: ARG001 - it is the active one
    values: dict[str, Any] = {root: Holes(root) for root in ("user", "request")}
    values["csrf_token"] = hole("csrf_token")
    for path, value in known:
        root, _, name = path.rpartition(".")
        (values[root] if root else values)[name] = value
    return cut(get_template(template_name).render(values))


@functools.lru_cache(maxsize=_MOST)
def _sidebar(language: str | None, groups: tuple[sidebar.Group, ...]) -> Stencil:  # noqa: ARG001
    return cut(get_template("admin/desk/sidebar.html").render({"groups": groups}))


def _desk(context: Context) -> Mapping[str, Stencil]:
    """The parts of the frame, each by the gap at its end; looked for once a page."""
    found: Mapping[str, Stencil] | None = context.render_context.get(_KEY)
    if found is None:
        found = context.render_context[_KEY] = _desk_for(context["request"], context["messages"])
    return found


def _desk_for(request: HttpRequest, messages: BaseStorage) -> Mapping[str, Stencil]:
    """What messages wait for, they are shown in; without any it is as it was the last time."""
    user: Any = request.user
    offset = timezone.localtime().utcoffset()  # the frame tells its scripts
    kind = get_language(), user.get_full_name(), user.email, offset, settings.DESK_NAME
    if messages:
        return _cut_desk(request, messages)
    if kind not in _DESKS:
        if len(_DESKS) == _MOST_DESKS:
            _DESKS.clear()
        _DESKS[kind] = _cut_desk(request, messages)
    return _DESKS[kind]


def _cut_desk(request: HttpRequest, messages: BaseStorage) -> Mapping[str, Stencil]:
    values = admin.site.each_context(request) | {
        "messages": messages,
        "DEFAULT_MESSAGE_LEVELS": DEFAULT_LEVELS,
        "user": request.user,
        "title": hole("title|capfirst"),  # as the heading has it
        "csrf_token": hole("csrf_token"),
        "gaps": Holes("gap"),
    }
    rest, parts = get_template("admin/desk/whole.html").render(values, request), {}
    for gap in _GAPS:
        part, found, rest = rest.partition(hole(f"gap.{gap}"))
        if not found:
            raise LookupError(f"The desk's frame has no place for its {gap}")
        parts[gap] = cut(part)
    return {**parts, "end": cut(rest)}
