from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.events import journal
from apps.kernel import markup
from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError
from apps.tickets import events, policies
from apps.tickets.actions import rows
from apps.tickets.models import Attachment, Message

BLACK = "█"


class PhraseNotFoundError(DomainError):
    code = "message.phrase-not-found"
    message = _("The message doesn't have these words. Copy them exactly as they are written.")


@transaction.atomic
def redact_message(*, message: Message, actor: Actor, now: datetime, phrase: str = "") -> Message:
    """Black out some words for good, or with no phrase the whole text. It can't be undone."""
    ticket = rows.lock(message.ticket, actor=actor, may=policies.can_redact)
    message = Message.objects.select_for_update().get(pk=message.pk)
    if phrase and phrase not in message.source:
        raise PhraseNotFoundError
    if not phrase and not message.source:
        return message
    message.source = message.source.replace(phrase, BLACK * len(phrase)) if phrase else ""
    message.html = markup.render(message.source, markup.as_format(message.form))
    message.sanitiser_version = markup.SANITISER_VERSION
    message.redacted_at = now
    message.save(update_fields=["source", "html", "sanitiser_version", "redacted_at"])
    rows.save(ticket, now=now)
    fact = events.MessageRedacted(subject=events.subject_of(ticket.pk), message_id=message.pk)
    journal.record(fact, actor=actor, now=now)
    return message


@transaction.atomic
def redact_attachment(*, attachment: Attachment, actor: Actor, now: datetime) -> Attachment:
    """Take a file away for good: nobody can open it from now on; a subscriber deletes the bytes."""
    ticket = rows.lock(attachment.message.ticket, actor=actor, may=policies.can_redact)
    attachment = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if attachment.redacted_at is not None:
        return attachment
    attachment.redacted_at = now
    attachment.name = "redacted"
    attachment.save(update_fields=["redacted_at", "name"])
    rows.save(ticket, now=now)
    fact = events.AttachmentRedacted(
        subject=events.subject_of(ticket.pk), attachment_id=attachment.pk, key=attachment.key
    )
    journal.record(fact, actor=actor, now=now)
    return attachment
