"""@mentions in work notes: who is meant, and how they are shown."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.desk.models import Mention
from apps.kernel.actors import Actor
from apps.kernel.compiled import CompiledFor
from apps.tickets.models import Ticket

_TOKEN = re.compile(r"(?<![\w@./+-])@(\w[\w.\-]*)")
# A tag whose attributes are quoted, as the sanitiser writes them.
_TAG = re.compile(r'(<[^>"]*(?:"[^"]*"[^>"]*)*>)')
_ODD = re.compile(r"[^\w.\-]+")


def handles(staff: Mapping[int, str]) -> dict[str, int]:
    """Names to write after the @, by whom they mean: "alice.adams", and "alice" if she is alone.

    Two people of one name are told apart by their number. Pure.
    """
    full = {pk: handle(name) for pk, name in staff.items()}
    times = Counter(full.values())
    found = {
        spelt if times[spelt] == 1 and spelt else f"{spelt or 'user'}-{pk}": pk
        for pk, spelt in full.items()
    }
    first = {pk: spelt.partition(".")[0] for pk, spelt in full.items()}
    alone = Counter(first.values())
    for pk, spelt in first.items():
        if spelt and alone[spelt] == 1:
            found.setdefault(spelt, pk)
    return found


def handle(name: str) -> str:
    return _ODD.sub("", ".".join(name.casefold().split())).strip(".-")


def spelling(staff: Mapping[int, str]) -> dict[int, str]:
    """How each person is mentioned. Pure."""
    longest: dict[int, str] = {}
    for spelt, pk in handles(staff).items():
        longest.setdefault(pk, spelt)  # the full name comes before the short one
    return longest


def meant(text: str, staff: Mapping[int, str]) -> list[int]:
    """Ids of those whom a text mentions, in order, each once. Pure."""
    known = handles(staff)
    spelt = (match[1].rstrip(".-").casefold() for match in _TOKEN.finditer(text))
    return list(dict.fromkeys(known[name] for name in spelt if name in known))


def shown(html: str, staff: Mapping[int, str], known: Mapping[str, int]) -> SafeString:
    """Sanitised HTML with its mentions as chips: only text is touched, never a tag. Pure."""

    def chip(match: re.Match[str]) -> str:
        spelt = match[1].rstrip(".-")
        pk = known.get(spelt.casefold())
        if pk is None:
            return match[0]
        return f'<span class="mention">@{escape(staff[pk])}</span>{match[1][len(spelt) :]}'

    parts = _TAG.split(html)
    parts[::2] = [_TOKEN.sub(chip, part) for part in parts[::2]]
    return mark_safe("".join(parts))  # noqa: S308 - sanitised before; the name is escaped


def of(actor: Actor, *, limit: int) -> list[Mention]:
    """Where somebody was mentioned, newest first, on tickets that they may still see."""
    return _of(limit)(actor)


@functools.cache
def _of(limit: int) -> CompiledFor[Mention]:
    return CompiledFor(
        lambda actor: (
            Mention.objects.filter(
                user=actor.id, message__ticket__in=Ticket.objects.visible_to(actor)
            )
            .select_related("message__ticket", "message__author")
            .order_by("-id")[:limit]
        )
    )
