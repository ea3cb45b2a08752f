from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects

from apps.kernel.actors import Actor
from apps.kernel.compiled import Asked, Compiled, together
from apps.tickets import policies
from apps.tickets.models import Attachment, Message, Ticket
from apps.tickets.querysets import MessageQuerySet


def conversation(ticket: Ticket, actor: Actor) -> list[Message]:
    """What the actor may read of a ticket and of those merged into it, in the order of time.

    With authors and files. Its queries grow with how deep merges nest, not with how much was said.
    """
    return answered(ticket, actor, together(*asked(ticket, actor)))


def asked(ticket: Ticket, actor: Actor) -> tuple[Asked, ...]:
    """The questions of `conversation`, for whoever asks them together with others."""
    read = _read_by_staff if policies.can_work(actor, ticket) else _read_by_customers
    return tuple(query.asked(ticket.pk) for query in (_merged_into, read, _files))


def answered(ticket: Ticket, actor: Actor, answers: Sequence[list[Any]]) -> list[Message]:
    """The conversation out of what was answered to `asked`."""
    level, found, files = answers
    if not level:
        _hand_out(found, files)
        return found
    family = [ticket.pk]
    while level:
        family.extend(level)
        level = list(Ticket.objects.filter(merged_into__in=level).values_list("pk", flat=True))
    found = list(_messages(family).readable_by(actor))
    prefetch_related_objects(found, "attachments")
    return found


def _hand_out(messages: Sequence[Message], files: Sequence[Attachment]) -> None:
    """Each message its own files, where `attachments.all()` looks for them first."""
    mine: dict[int, list[Attachment]] = {}
    for file in files:
        mine.setdefault(file.message_id, []).append(file)
    for message in messages:
        rows = message.attachments.all()
        # As Django's own prefetching keeps them.
        rows._result_cache = mine.get(message.pk, [])  # noqa: SLF001
        message._prefetched_objects_cache = {"attachments": rows}  # type: ignore[attr-defined]  # noqa: SLF001


def _messages(family: Sequence[int]) -> MessageQuerySet:
    return Message.objects.filter(ticket__in=family).conversation().select_related("author")


_merged_into: Compiled[int] = Compiled(
    lambda pk: Ticket.objects.filter(merged_into=pk).order_by().values_list("pk", flat=True)
)
_files: Compiled[Attachment] = Compiled(
    lambda pk: Attachment.objects.filter(message__ticket=pk).order_by("pk")
)
_read_by_staff: Compiled[Message] = Compiled(lambda pk: _messages([pk]))
_read_by_customers: Compiled[Message] = Compiled(lambda pk: _messages([pk]).public())
