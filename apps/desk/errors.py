from __future__ import annotations

from apps.kernel.errors import DomainError


class ViewNameError(DomainError):
    code = "view.name"
    message = "Give the view a name of 1 to 60 letters."


class ViewTeamsError(DomainError):
    code = "view.teams"
    message = "Choose the teams that are to see this view."


class BulkSizeError(DomainError):
    code = "bulk.size"
    message = "Choose between 1 and 100 tickets at a time."


class BulkVerbError(DomainError):
    code = "bulk.verb"
    message = "Say what to do with the chosen tickets, and with which value."
