"""What a ticket has to do with people and with other tickets."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.desk import previews
from apps.desk.panels.base import Panel
from apps.kernel.actors import Actor
from apps.tickets import access, actions, statuses
from apps.tickets.errors import UnknownNumberError
from apps.tickets.models import Link, Message, Participant, Ticket

SNIPPET = 70  # characters


class WatchersPanel(Panel):
    name, title, button = "watchers", _("Watchers"), _("Save watchers")
    icon = "visibility"

    add = forms.EmailField(
        label=_("Add by e-mail"),
        help_text=_("They get every public reply by mail."),
        required=False,
    )
    can_reply = forms.BooleanField(label=_("May reply"), required=False, initial=True)
    remove = forms.ModelMultipleChoiceField(
        Participant.objects.none(),
        label=_("Take away"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def prepare(self) -> None:
        watchers = Participant.objects.filter(ticket=self.ticket).select_related("user")
        field = self.fields["remove"]
        if watchers:
            field.queryset = watchers  # type: ignore[attr-defined]
            field.label_from_instance = _named  # type: ignore[attr-defined]
        else:
            del self.fields["remove"]

    @transaction.atomic
    def apply(self, *, now: datetime) -> Ticket:
        for watcher in self.cleaned_data.get("remove", ()):
            actions.unwatch(
                ticket=self.ticket,
                user=watcher.user,
                address=watcher.address,
                actor=self.actor,
                now=now,
            )
        address = self.cleaned_data["add"].lower()
        if address:
            user = User.objects.filter(email=address, is_active=True).first()
            actions.watch(
                ticket=self.ticket,
                user=user,
                address="" if user else address,
                can_reply=self.cleaned_data["can_reply"],
                actor=self.actor,
                now=now,
            )
        return self.ticket


def _named(watcher: Participant) -> str:
    return str(watcher.user) if watcher.user else watcher.address


class LinksPanel(Panel):
    name, title, button = "links", _("Links"), _("Save links")
    icon = "link"

    kind = forms.ChoiceField(label=_("This ticket"), choices=Link.Kind.choices)
    number = forms.IntegerField(label=_("ticket number"), min_value=1, required=False)
    remove = forms.ModelMultipleChoiceField(
        Link.objects.none(),
        label=_("Take away"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def initial_from(self, said: QueryDict) -> dict[str, object]:
        number = _number(said)
        return {"number": number, "kind": said.get("kind", "")} if number else {}

    def preview(self, said: QueryDict) -> dict[str, object]:
        return _chosen(self.ticket, self.actor, said)

    def prepare(self) -> None:
        seen = Ticket.objects.visible_to(self.actor)
        links = Link.objects.filter(source=self.ticket, target__in=seen).select_related("target")
        field = self.fields["remove"]
        if links:
            field.queryset = links  # type: ignore[attr-defined]
            field.label_from_instance = _spelt  # type: ignore[attr-defined]
        else:
            del self.fields["remove"]

    @transaction.atomic
    def apply(self, *, now: datetime) -> Ticket:
        for gone in self.cleaned_data.get("remove", ()):
            actions.unlink(
                ticket=self.ticket, target=gone.target, kind=gone.kind, actor=self.actor, now=now
            )
        number = self.cleaned_data["number"]
        if number:
            actions.link(
                ticket=self.ticket,
                target=access.ticket_by_number(number, self.actor),
                kind=self.cleaned_data["kind"],
                actor=self.actor,
                now=now,
            )
        return self.ticket


def _spelt(link: Link) -> str:
    return f"{link.get_kind_display()} #{link.target_id} {link.target.subject}"


class ParentPanel(Panel):
    name, title, button = "parent", _("Parent ticket"), _("Save")
    icon = "account_tree"

    number = forms.IntegerField(
        label=_("Number"),
        help_text=_("Empty: it stands on its own."),
        min_value=1,
        required=False,
    )

    @classmethod
    def initial_for(cls, ticket: Ticket) -> dict[str, object]:
        return {"number": ticket.parent_id}

    def initial_from(self, said: QueryDict) -> dict[str, object]:
        number = _number(said)
        return {"number": number} if number else {}

    def preview(self, said: QueryDict) -> dict[str, object]:
        return _chosen(self.ticket, self.actor, said)

    def apply(self, *, now: datetime) -> Ticket:
        number = self.cleaned_data["number"]
        parent = access.ticket_by_number(number, self.actor) if number else None
        return actions.set_parent(
            ticket=self.ticket,
            parent=parent,
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


class MergePanel(Panel):
    name, title, button = "merge", _("Merge into another ticket"), _("Merge")
    icon = "merge"
    done = _("Merged: the conversation goes on here. It can be undone.")

    number = forms.IntegerField(
        label=_("Number of the ticket that goes on"),
        help_text=_("Both must be of one requester or one organisation."),
        min_value=1,
    )

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        merged = statuses.StatusCategory.MERGED
        return super().allowed(ticket, actor) and statuses.allows(ticket.status_category, merged)

    def initial_from(self, said: QueryDict) -> dict[str, object]:
        return {"number": _number(said)}

    def preview(self, said: QueryDict) -> dict[str, object]:
        """The two tickets and what becomes of them, once a number is chosen."""
        number = _number(said)
        if number:
            try:
                merge = previews.merge_preview(self.ticket, number, self.actor)
            except UnknownNumberError as error:
                trouble = "" if self.is_bound else str(error)
                picking = _chosen(self.ticket, self.actor, QueryDict())
                return {"trouble": trouble, "shows_form": False, **picking}
            return {"merge": merge, "shows_form": not merge.refused}
        return {"shows_form": False, **_chosen(self.ticket, self.actor, said)}

    def apply(self, *, now: datetime) -> Ticket:
        survivor = access.ticket_by_number(self.cleaned_data["number"], self.actor)
        actions.merge(
            ticket=self.ticket,
            survivor=survivor,
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )
        return survivor


class UnmergePanel(Panel):
    name, title, button = "unmerge", _("Undo the merge"), _("Unmerge")
    icon = "undo"
    done = _("It stands on its own again.")

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return super().allowed(ticket, actor) and ticket.merged_into_id is not None

    def apply(self, *, now: datetime) -> Ticket:
        return actions.unmerge(ticket=self.ticket, actor=self.actor, now=now)


class SplitPanel(Panel):
    name, title, button = "split", _("Split into a new ticket"), _("Split")
    icon = "call_split"
    done = _("This is the new ticket.")

    subject = forms.CharField(label=_("Subject of the new ticket"), max_length=200)
    messages = forms.ModelMultipleChoiceField(
        Message.objects.none(),
        label=_("Messages that move"),
        widget=forms.CheckboxSelectMultiple,
    )

    def initial_from(self, said: QueryDict) -> dict[str, object]:
        return {
            "subject": said.get("subject", self.ticket.subject)[:200],
            "messages": [pk for pk in said.getlist("messages") if pk.isascii() and pk.isdigit()],
        }

    def preview(self, said: QueryDict) -> dict[str, object]:
        """Which messages go and which stay, for those that are ticked."""
        ticked = set(said.getlist("messages"))
        field = self.fields["messages"]
        rows = list(field.queryset)  # type: ignore[attr-defined]
        moving = [snippet(row) for row in rows if str(row.pk) in ticked]
        staying = 1 + len(rows) - len(moving)
        return {"split": {"moving": moving, "staying": staying}, "is_seen": bool(moving)}

    def prepare(self) -> None:
        own = Message.objects.filter(ticket=self.ticket).conversation().select_related("author")
        first = own.values_list("pk", flat=True)[:1]
        field = self.fields["messages"]
        field.queryset = own.exclude(pk__in=list(first))  # type: ignore[attr-defined]
        field.label_from_instance = snippet  # type: ignore[attr-defined]
        if not field.queryset.exists():  # type: ignore[attr-defined]
            self.nothing = _("There is only one message: nothing can be split off.")

    def apply(self, *, now: datetime) -> Ticket:
        return actions.split(
            ticket=self.ticket,
            messages=self.cleaned_data["messages"],
            subject=self.cleaned_data["subject"],
            expected_version=self.expected_version,
            actor=self.actor,
            now=now,
        )


def _number(said: QueryDict) -> int | None:
    text = said.get("number", "").lstrip("#")[:18]
    return int(text) if text.isascii() and text.isdigit() else None


def _chosen(ticket: Ticket, actor: Actor, said: QueryDict) -> dict[str, object]:
    """Tickets to choose from; the chosen one with what it is, so that nobody takes another one."""
    number, text = _number(said), said.get("q", "").strip()[:100]
    chosen = previews.choices(ticket, actor, str(number)) if number else []
    return {
        "q": text,
        "is_picking": True,
        "chosen": chosen[0] if chosen else None,
        "choices": [] if chosen else previews.choices(ticket, actor, text),
    }


def snippet(message: Message) -> str:
    """Enough of a message to recognise it by."""
    line = " ".join(message.source.split())
    cut = line[:SNIPPET] + "…" if len(line) > SNIPPET else line
    return f"{message.author or _('The desk')}: {cut or '—'}"
