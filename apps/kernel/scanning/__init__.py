"""Whether a file may do harm: asked of a scanner before anybody may open it.

SCANNER_URL chooses: `rules:` (embedded: what no customer needs to send a desk) or `clamd:`
(ClamAV). One that can't be reached gives no verdict: the file waits, and is asked about again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import IO, Protocol

from apps.kernel.ports import Port

logger = logging.getLogger(__name__)

WAITING, CLEAN, HELD = "pending", "clean", "quarantined"


class ScannerAwayError(Exception):
    """The scanner can't be asked now; it says why."""


class NotLookedAtError(ScannerAwayError):
    """It is there, but could not look at this one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`scan` is WAITING, CLEAN or HELD; `finding` is the scanner's name for what it found."""

    scan: str
    finding: str = ""


class Scanner(Protocol):
    def find(self, file: IO[bytes]) -> str:
        """The name of what may do harm in a file (seekable, at its start); "" for a clean one.

        Raises ScannerAwayError.
        """


scanner: Port[Scanner] = Port(
    "SCANNER_URL",
    {
        "rules": "apps.kernel.scanning.rules.Rules",
        "clamd": "apps.kernel.scanning.clamd.Clamd",
    },
)

_FINDING = 200  # characters


def look(file: IO[bytes]) -> Verdict:
    """What the scanner says of a file. Never raises for a scanner that is away."""
    try:
        return ask(file)
    except ScannerAwayError as error:
        logger.warning("the scanner is away: a file waits", extra={"why": str(error)})
        return Verdict(scan=WAITING)


def ask(file: IO[bytes]) -> Verdict:
    """Raises ScannerAwayError. The file is at its start again afterwards."""
    file.seek(0)
    try:
        finding = scanner.get().find(file)
    finally:
        file.seek(0)
    return Verdict(scan=HELD, finding=finding[:_FINDING]) if finding else Verdict(scan=CLEAN)
