from __future__ import annotations

from apps.kernel.actors import Actor
from apps.tickets.models import Message, Ticket


def conversation(ticket: Ticket, actor: Actor) -> list[Message]:
    """What the actor may read of a ticket and of those merged into it, in the order of time.

    With authors and files. Its queries grow with how deep merges nest, not with how much was said.
    """
    family, level = [ticket.pk], [ticket.pk]
    while level:
        level = list(Ticket.objects.filter(merged_into__in=level).values_list("pk", flat=True))
        family.extend(level)
    return list(
        Message.objects.filter(ticket__in=family)
        .readable_by(actor)
        .conversation()
        .select_related("author")
        .prefetch_related("attachments")
    )
