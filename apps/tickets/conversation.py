from __future__ import annotations

from collections.abc import Sequence

from django.db.models import prefetch_related_objects

from apps.kernel.actors import Actor
from apps.kernel.compiled import Compiled
from apps.tickets import policies
from apps.tickets.models import Message, Ticket
from apps.tickets.querysets import MessageQuerySet


def conversation(ticket: Ticket, actor: Actor) -> list[Message]:
    """What the actor may read of a ticket and of those merged into it, in the order of time.

    With authors and files. Its queries grow with how deep merges nest, not with how much was said.
    """
    family, level = [ticket.pk], [row.pk for row in _merged_into(ticket.pk)]
    while level:
        family.extend(level)
        level = list(Ticket.objects.filter(merged_into__in=level).values_list("pk", flat=True))
    read = _read_by_staff if policies.can_work(actor, ticket) else _read_by_customers
    is_alone = len(family) == 1
    found = read(ticket.pk) if is_alone else list(_messages(family).readable_by(actor))
    prefetch_related_objects(found, "attachments")
    return found


def _messages(family: Sequence[int]) -> MessageQuerySet:
    return Message.objects.filter(ticket__in=family).conversation().select_related("author")


_merged_into: Compiled[Ticket] = Compiled(
    lambda pk: Ticket.objects.filter(merged_into=pk).order_by()
)
_read_by_staff: Compiled[Message] = Compiled(lambda pk: _messages([pk]))
_read_by_customers: Compiled[Message] = Compiled(lambda pk: _messages([pk]).public())
