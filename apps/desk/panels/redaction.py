from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.desk.panels.base import Panel
from apps.desk.panels.belonging import snippet
from apps.kernel.actors import Actor
from apps.tickets import actions, policies
from apps.tickets.models import Attachment, Message, Ticket
from apps.tickets.querysets import AttachmentQuerySet


class RedactMessagePanel(Panel):
    name, title, button = "redact", _("Redact a message"), _("Redact for good")
    icon = "ink_eraser"
    done = _("Blacked out, for good.")
    is_grave = True

    message = forms.ModelChoiceField(Message.objects.none(), label=_("Message"))
    phrase = forms.CharField(
        label=_("Words to black out"),
        help_text=_("Exactly as they are written; every place where they stand."),
        max_length=500,
        required=False,
    )
    whole = forms.BooleanField(label=_("The whole text"), required=False)

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_redact(actor, ticket)

    def prepare(self) -> None:
        own = Message.objects.filter(ticket=self.ticket).conversation().select_related("author")
        field = self.fields["message"]
        field.queryset = own  # type: ignore[attr-defined]
        field.label_from_instance = snippet  # type: ignore[attr-defined]

    def clean(self) -> None:
        if bool(self.cleaned_data.get("phrase")) == self.cleaned_data.get("whole", False):
            raise forms.ValidationError(_("Give the words, or tick “The whole text”."))

    def apply(self, *, now: datetime) -> Ticket:
        actions.redact_message(
            message=self.cleaned_data["message"],
            phrase=self.cleaned_data["phrase"],
            actor=self.actor,
            now=now,
        )
        return self.ticket


class RedactFilePanel(Panel):
    name, title, button = "redact-file", _("Remove a file"), _("Remove for good")
    icon = "delete"
    done = _("Removed, for good.")
    is_grave = True

    attachment = forms.ModelChoiceField(Attachment.objects.none(), label=_("File"))

    @classmethod
    def allowed(cls, ticket: Ticket, actor: Actor) -> bool:
        return policies.can_redact(actor, ticket)

    def prepare(self) -> None:
        files = _files(self.ticket)
        self.fields["attachment"].queryset = files  # type: ignore[attr-defined]
        if not files.exists():
            self.nothing = _("No file is left on this ticket.")

    def apply(self, *, now: datetime) -> Ticket:
        actions.redact_attachment(
            attachment=self.cleaned_data["attachment"], actor=self.actor, now=now
        )
        return self.ticket


def _files(ticket: Ticket) -> AttachmentQuerySet:
    return Attachment.objects.filter(message__ticket=ticket, redacted_at=None)
