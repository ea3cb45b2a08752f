"""Whose mail it is. Pure."""

from __future__ import annotations

from email.utils import parseaddr


def address_in(sender: str) -> str:
    """The bare address, in lower case, of what a From says; "" where there is none.

    What stands in angle brackets is meant, as mail programs read it: the library takes
    `ann@example.com <joann@example.com>` for Ann's.
    """
    angled = sender.rpartition("<")[2].partition(">")[0] if "<" in sender else ""
    bare = (angled if "@" in angled else parseaddr(sender)[1]).strip().lower()
    return bare if "@" in bare else ""
