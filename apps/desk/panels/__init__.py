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
from apps.desk.panels.mailing import MailAgainPanel
from apps.desk.panels.properties import (
    AssignPanel,
    EditPanel,
    IncidentPanel,
    OverridePanel,
    SortPanel,
    StatusPanel,
    SubjectPanel,
    TagsPanel,
    TakePanel,
)
from apps.desk.panels.redaction import RedactFilePanel, RedactMessagePanel
from apps.kernel.actors import Actor
from apps.tickets.models import Ticket

# The properties at the side, each changed by one click.
_PROPERTIES: tuple[type[Panel], ...] = (StatusPanel, AssignPanel, SortPanel, TagsPanel)
# What is done once in a while, on a page of its own.
_MORE: tuple[type[Panel], ...] = (
    MergePanel,
    UnmergePanel,
    SplitPanel,
    LinksPanel,
    ParentPanel,
    WatchersPanel,
    EditPanel,
    OverridePanel,
    IncidentPanel,
    RedactMessagePanel,
    RedactFilePanel,
)
_ALL: tuple[type[Panel], ...] = (TakePanel, SubjectPanel, MailAgainPanel, *_PROPERTIES, *_MORE)
PANELS = {panel.name: panel for panel in _ALL}

__all__ = ["PANELS", "Panel", "offered"]


def offered(ticket: Ticket, actor: Actor) -> list[type[Panel]]:
    """What else this actor may do to this ticket."""
    return [panel for panel in _MORE if panel.allowed(ticket, actor)]
