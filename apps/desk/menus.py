"""The workspace's menus as HTML: on every ticket the same, with another choice."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.tickets.models import Tag

_MOST = 2_000


def menu(
    choices: Mapping[int, str] | Iterable[tuple[int, object]], chosen: int | None
) -> SafeString:
    """The options of a <select>."""
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    return _options(tuple((value, str(label)) for value, label in pairs), chosen)


@functools.lru_cache(maxsize=_MOST)
def _options(choices: tuple[tuple[int, str], ...], chosen: int | None) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((pk, " selected" if pk == chosen else "", label) for pk, label in choices),
    )


def tag_chips(tags: Iterable[Tag]) -> SafeString:
    """Each with a button that takes it away."""
    return format_html_join(
        "",
        '<span class="chip tag">{} <button type="submit" name="remove" value="{}" '
        'aria-label="{}">\u00d7</button></span>',
        ((tag, tag.pk, _("Take away the tag %(tag)s") % {"tag": tag}) for tag in tags),
    )
