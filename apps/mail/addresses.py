"""Whose mail it is."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from django.db.models import QuerySet


def address_in(sender: str) -> str:
    """The bare address, in lower case, of what a From says; "" where there is none.

    What stands in angle brackets is meant, as mail programs read it: the library takes
    `ann@example.com <joann@example.com>` for Ann's.
    """
    angled = sender.rpartition("<")[2].partition(">")[0] if "<" in sender else ""
    bare = (angled if "@" in angled else parseaddr(sender)[1]).strip().lower()
    return bare if "@" in bare else ""


def note_addresses(rows: QuerySet[Any]) -> None:
    """Fill `address` where a release that doesn't know it has read the mail. Twice is once.

    Rows as any release, and any migration, has them.
    """
    lacking = rows.filter(address="", sender__contains="@")
    for pk, sender in lacking.values_list("pk", "sender").iterator():
        found = address_in(sender)
        if found:
            rows.filter(pk=pk, address="").update(address=found[:320])
