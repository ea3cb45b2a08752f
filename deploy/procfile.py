"""The Procfile: which processes there are. Beanstalk starts every line of the one in its bundle.

What else has to know them asks here, so that an instance is told of no process that it hasn't.
"""

from __future__ import annotations

import re
from pathlib import Path

NAME = "Procfile"
WEB = "web"
# A tier that runs fewer than all. The web's role may neither receive jobs nor tell facts: a worker
# or a relay there would be refused by every call, and be started again for ever.
RUNS = {"web": (WEB,)}
_LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(\S.*)$", re.MULTILINE)


def commands(text: str) -> dict[str, str]:
    """By the names of the processes, in the order in which they stand."""
    return {match[1]: match[2] for match in _LINE.finditer(text)}


def processes(folder: Path = Path()) -> tuple[str, ...]:
    """Those of the version in a folder. Raises OSError."""
    return tuple(commands((folder / NAME).read_text()))


def of_tier(text: str, tier: str) -> str:
    """The same, with the lines that this tier runs."""
    said = commands(text)
    return "".join(f"{name}: {said[name]}\n" for name in RUNS.get(tier, said))
