from __future__ import annotations

import re
from collections.abc import Iterable

from apps.tickets.errors import TagRefusedError

_TAG = re.compile(r"[\w][\w \-]{0,39}")


def clean_tags(names: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: lower case, each once, in order. Raises TagRefusedError."""
    cleaned = dict.fromkeys(" ".join(name.lower().split()) for name in names)
    if not all(_TAG.fullmatch(name) for name in cleaned):
        raise TagRefusedError
    return tuple(cleaned)
