"""The doctor: proves each configured service by using it.

A probe does what the desk does with a service, says what it did, and leaves nothing behind. One
that fails names the variable to look at and what to do next. All run at once, since a service that
is away may take its time to say so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connections
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
PATIENCE = 25.0  # seconds for all of them together: less than a page may take


class Ailment(Exception):
    """Something is wrong, in words for whoever runs the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`prove` says what it did, and raises whatever fails."""

    name: str
    title: Text
    variable: str
    next_step: Text
    prove: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    name: str
    title: str
    is_well: bool
    said: str  # what was done, or what went wrong
    milliseconds: int
    variable: str = ""  # with the next step, where something is wrong
    next_step: str = ""


def examine(probes: Sequence[Probe], *, patience: float = PATIENCE) -> list[Finding]:
    """All findings, in the order of the probes; one that takes too long is one that fails."""
    found: dict[str, Finding] = {}
    language = translation.get_language() or "en"
    began = time.monotonic()
    threads = [
        threading.Thread(target=_look, args=(probe, found, language), daemon=True)
        for probe in probes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, began + patience - time.monotonic()))
    late = _("took longer than %d seconds") % patience
    known = dict(found)
    return [known.get(probe.name) or _ill(probe, late, int(patience * 1000)) for probe in probes]


def _look(probe: Probe, found: dict[str, Finding], language: str) -> None:
    try:
        with translation.override(language):
            found[probe.name] = look(probe)
    finally:
        connections.close_all()


def look(probe: Probe) -> Finding:
    began = time.monotonic()
    try:
        said, is_well = probe.prove(), True
    except Exception as error:  # noqa: BLE001 - whatever it is, the service fails
        said, is_well = _said(error), False
    milliseconds = int((time.monotonic() - began) * 1000)
    if not is_well:
        return _ill(probe, said, milliseconds)
    return Finding(
        name=probe.name,
        title=str(probe.title),
        is_well=True,
        said=said,
        milliseconds=milliseconds,
    )


def _ill(probe: Probe, said: str, milliseconds: int) -> Finding:
    return Finding(
        name=probe.name,
        title=str(probe.title),
        is_well=False,
        said=said,
        milliseconds=milliseconds,
        variable=probe.variable,
        next_step=str(probe.next_step),
    )


def _said(error: Exception) -> str:
    """One line, without the names of our own errors."""
    words = " ".join(str(error).split())[:300]
    if isinstance(error, Ailment) and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
