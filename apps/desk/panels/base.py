from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.kernel.actors import Actor
from apps.tickets import policies
from apps.tickets.models import Ticket

Text = str | Promise


class Panel(forms.Form):
    """A form about one ticket. `version` is the ticket as the reader of the page saw it."""

    name: ClassVar[str]
    title: ClassVar[Text]
    button: ClassVar[Text]
    done: ClassVar[Text] = _("Done.")
    is_open: ClassVar[bool] = False  # without a click
    is_grave: ClassVar[bool] = False  # can't be undone

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, ticket: Ticket, actor: Actor) -> None:
        known = {"version": ticket.version, **self.initial_for(ticket)}
        super().__init__(data, initial=known, auto_id=f"{self.name}-%s")
        self.ticket, self.actor = ticket, actor
        self.prepare()

    @classmethod
    def show(cls, ticket: Ticket, actor: Actor) -> Self:
        return cls(ticket=ticket, actor=actor)

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_work(actor, ticket)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:  # noqa: ARG003
        """What the fields show at first."""
        return {}

    def prepare(self) -> None:
        """Fill in what depends on the ticket: choices, fields of its category."""

    def apply(self, *, now: datetime) -> Ticket:
        """Do it; returns the ticket to show next. Raises the action's errors."""
        raise NotImplementedError

    def refresh(self, version: int) -> None:
        """Send it again against the ticket as it is now: its reader has been told of the news."""
        self.data = refreshed(self.data, version)

    @property
    def expected_version(self) -> int:
        version: int = self.cleaned_data["version"]
        return version


def refreshed(data: Mapping[str, Any], version: int) -> QueryDict:
    """What was sent, with the version that the ticket has by now."""
    fresh = QueryDict(mutable=True)
    fresh.update(data)
    fresh["version"] = str(version)
    return fresh
