"""Long quotations folded away: what is new in a message comes first. Pure."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.translation import gettext as _

LONG = 240  # characters of HTML that may stand unfolded

_EDGE = re.compile(r"</?blockquote>")


def folded(html: str) -> str:
    """Sanitised HTML with each long outermost quotation in a <details>."""
    if "<blockquote>" not in html:
        return html
    parts, depth, start, rest = [], 0, 0, 0
    for edge in _EDGE.finditer(html):
        if edge[0] == "<blockquote>":
            start = edge.start() if depth == 0 else start
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            quotation = html[start : edge.end()]
            parts += [html[rest:start], _fold(quotation)]
            rest = edge.end()
    return "".join([*parts, html[rest:]])


def _fold(quotation: str) -> str:
    if len(quotation) <= LONG:
        return quotation
    label = escape(_("Show what is quoted"))
    return f'<details class="quoted"><summary>{label}</summary>{quotation}</details>'
