"""Where a page of the admin is: its list, its row, and what is done there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib import admin
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

register = template.Library()


@dataclass(frozen=True, slots=True)
class Crumb:
    """`link` is empty for the page itself."""

    title: str
    link: str = ""


@register.simple_tag(takes_context=True)
def crumbs(context: Context) -> list[Crumb]:
    """The way to a page about a model, `context["opts"]`; none for other pages.

    The list is called as the sidebar calls it (GuardedAdmin.titled). A page that is about one row
    has it as `original`, and says by `crumb` what it does to it.
    """
    opts = context.get("opts")
    if opts is None:
        return []
    page = admin.site.get_model_admin(opts.model) if admin.site.is_registered(opts.model) else None
    title = getattr(page, "titled", "") or capfirst(opts.verbose_name_plural)
    way = [Crumb(str(title), _link(opts, "changelist"))]
    row = context.get("original")
    if row is not None and not isinstance(row, str):
        way.append(Crumb(str(row), _link(opts, "change", row.pk)))
    last = _("New") if context.get("add") else context.get("crumb")
    return [*way, Crumb(str(last))] if last else way


def _link(opts: Any, page: str, *key: object) -> str:
    try:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=key)
    except NoReverseMatch:
        return ""
