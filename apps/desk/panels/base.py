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

    do_not_call_in_templates: ClassVar[bool] = True  # the page lists panels, as classes

    name: ClassVar[str]
    title: ClassVar[Text]
    button: ClassVar[Text]
    done: ClassVar[Text] = _("Done.")
    is_open: ClassVar[bool] = False  # among the properties, without a click
    icon: ClassVar[str] = "edit"  # of Material Symbols, which the frame brings
    is_grave: ClassVar[bool] = False  # can't be undone
    nothing: Text = ""  # said instead of the form, where there is nothing to choose from

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        ticket: Ticket,
        actor: Actor,
        said: QueryDict | None = None,
    ) -> None:
        self.ticket, self.actor = ticket, actor
        known = {"version": ticket.version, **self.initial_for(ticket)}
        known |= self.initial_from(said) if said else {}
        super().__init__(data, initial=known, auto_id=f"{self.name}-%s")
        self.prepare()

    @classmethod
    def show(cls, ticket: Ticket, actor: Actor, *, said: QueryDict | None = None) -> Self:
        return cls(ticket=ticket, actor=actor, said=said)

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_work(actor, ticket)

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:  # noqa: ARG003
        """What the fields show at first."""
        return {}

    def initial_from(self, said: QueryDict) -> dict[str, object]:  # noqa: ARG002
        """What the page's address says of the fields."""
        return {}

    def preview(self, said: QueryDict) -> dict[str, object]:  # noqa: ARG002
        """What the panel's own page shows besides: what will happen, what to choose from."""
        return {}

    def prepare(self) -> None:
        """Fill in what depends on the ticket: choices, fields of its category."""

    def apply(self, *, now: datetime) -> Ticket:
        """Do it; returns the ticket to show next. Raises the action's errors."""
        raise NotImplementedError

    def refresh(self, version: int) -> None:
        """Send it again against the ticket as it is now: its reader has been told of the news."""
        self.data = refreshed(self.data, "version", version)

    @property
    def expected_version(self) -> int:
        version: int = self.cleaned_data["version"]
        return version


def refreshed(data: Mapping[str, Any], field: str, value: int) -> QueryDict:
    """What was sent, with one number as it is by now."""
    fresh = data.copy() if isinstance(data, QueryDict) else QueryDict(mutable=True)
    fresh[field] = str(value)
    return fresh
