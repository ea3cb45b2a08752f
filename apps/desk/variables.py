"""Variables in saved replies: a closed vocabulary, checked when it is saved. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.desk.errors import UnknownVariableError

# What stands for a value that a ticket hasn't got.
VOCABULARY: dict[str, str | Promise] = {
    "requester.first_name": _("there"),
    "requester.name": _("customer"),
    "requester.email": _("your address"),
    "organisation.name": _("your organisation"),
    "ticket.number": "",
    "ticket.subject": "",
    "ticket.status": "",
    "ticket.category": _("your request"),
    "ticket.url": "",
    "team.name": _("our team"),
    "agent.name": "",
    "agent.first_name": "",
    "desk.name": "",
}
# {{requester.first_name}}, or with words of one's own for want of it: {{team.name|our people}}.
_VARIABLE = re.compile(r"\{\{\s*(?P<name>[^{}|]*?)\s*(?:\|(?P<instead>[^{}]*))?\}\}")
_OURS = {"ticket.url", "ticket.number"}  # never somebody's words
_MARKUP = re.compile(r"([\\`*_\[\]<>#~|])")


def check(body: str) -> str:
    """Raises UnknownVariableError, naming what is unknown and what there is."""
    found = [match["name"] for match in _VARIABLE.finditer(body)]
    unknown = [name or "{{}}" for name in found if name not in VOCABULARY]
    left = _VARIABLE.sub("", body)
    if "{{" in left or "}}" in left:
        unknown.append("{{")
    if unknown:
        raise UnknownVariableError(dict.fromkeys(unknown), VOCABULARY)
    return body


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced. Values are words, never markup."""

    def one(match: re.Match[str]) -> str:
        name, instead = match["name"], match["instead"]
        if name not in VOCABULARY:
            return match[0]
        value = " ".join(values.get(name, "").split())
        if value:
            return value if name in _OURS else _MARKUP.sub(r"\\\1", value)
        return instead.strip() if instead is not None else str(VOCABULARY[name])

    return _VARIABLE.sub(one, body)
