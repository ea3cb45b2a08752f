"""The workspace's panels: one small form each, and the action behind its button."""

from __future__ import annotations

from apps.desk.panels.base import Panel
from apps.desk.panels.belonging import (
    LinksPanel,
    MergePanel,
    ParentPanel,
    SplitPanel,
    UnmergePanel,
    WatchersPanel,
)
from apps.desk.panels.properties import (
    AssignPanel,
    EditPanel,
    IncidentPanel,
    OverridePanel,
    SortPanel,
    StatusPanel,
    TagsPanel,
    TakePanel,
)
from apps.desk.panels.redaction import RedactFilePanel, RedactMessagePanel
from apps.kernel.actors import Actor
from apps.tickets.models import Ticket

_ORDER: tuple[type[Panel], ...] = (
    StatusPanel,
    AssignPanel,
    SortPanel,
    OverridePanel,
    IncidentPanel,
    TagsPanel,
    EditPanel,
    WatchersPanel,
    LinksPanel,
    ParentPanel,
    SplitPanel,
    MergePanel,
    UnmergePanel,
    RedactMessagePanel,
    RedactFilePanel,
)
_ALL: tuple[type[Panel], ...] = (TakePanel, *_ORDER)
PANELS = {panel.name: panel for panel in _ALL}

__all__ = ["PANELS", "Panel", "panels_for"]


def panels_for(ticket: Ticket, actor: Actor, *, instead: Panel | None = None) -> list[Panel]:
    """What this actor may do to this ticket; `instead` stands in for the panel of its name."""
    return [
        instead if instead is not None and instead.name == panel.name else panel.show(ticket, actor)
        for panel in _ORDER
        if panel.allowed(ticket, actor)
    ]
