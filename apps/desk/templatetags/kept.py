"""Parts of the workspace that are rendered once and filled in for each ticket."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Hashable
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps.desk.directory import StatusName
from apps.desk.forms import ComposerForm
from apps.kernel.stencils import Holes, Stencil, cut, filled, hole

register = template.Library()

_MOST = 200  # renderings that are kept: languages, statuses, what an agent may do


@register.simple_tag(takes_context=True)
def kept(context: Context, name: str, holes: str, **known: Hashable) -> SafeString:
    """The template of this name, which may branch on what is `known`.

    Of `holes`, variables of the page with spaces between them, it only says the values.
    """
    return filled(_stencil(get_language(), name, holes, tuple(known.items())), context)


@register.simple_tag(takes_context=True)
def blank_composer(context: Context, kind: str) -> SafeString:
    """A form to write in, of which nothing is written yet."""
    statuses, limits = (
        tuple(context["statuses"]),
        (
            settings.ATTACHMENT_MAX_BYTES,
            settings.ATTACHMENTS_PER_MESSAGE,
        ),
    )
    stencil = _composer(get_language(), kind, context["is_final"], statuses, limits)
    with context.push(submission=uuid.uuid4()):
        return filled(stencil, context)


@functools.lru_cache(maxsize=_MOST)
def _stencil(
    language: str | None,  # noqa: ARG001 - it is the active one
    name: str,
    holes: str,
    known: tuple[tuple[str, Hashable], ...],
) -> Stencil:
    values: dict[str, Any] = {root: Holes(root) for root in holes.split()}
    return cut(get_template(name).render({**values, **dict(known)}))


@functools.lru_cache(maxsize=_MOST)
def _composer(
    language: str | None,  # noqa: ARG001 - it is the active one
    kind: str,
    is_final: bool,
    statuses: tuple[StatusName, ...],
    limits: tuple[int, int],  # noqa: ARG001 - the form says them
) -> Stencil:
    values = {
        "form": ComposerForm.blank(kind, seen=hole("read_up_to"), submission=hole("submission")),
        "kind": kind,
        "is_final": is_final,
        "statuses": statuses,
        "base": hole("base"),
        "csrf_token": hole("csrf_token"),
    }
    return cut(get_template("admin/tickets/ticket/write.html").render(values))
