"""Time zones as people choose them."""

from __future__ import annotations

import functools
import zoneinfo

_REGIONS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific",
)  # fmt: skip


@functools.cache
def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones that carry a place's name, in groups by region, and UTC."""
    groups: dict[str, list[tuple[str, str]]] = {region: [] for region in _REGIONS}
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        if region in groups and place:
            groups[region].append((name, place.replace("_", " ").replace("/", ", ")))
    return [("UTC", [("UTC", "UTC")]), *groups.items()]


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """A person's zone; UTC where this machine doesn't know theirs."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
