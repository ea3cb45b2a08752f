from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.tickets.actions.forgetting import forget_person
from apps.tickets.models import Message, Participant, Rating, Ticket, Upload


def export(user: User) -> object:
    """Tickets that the person raised, follows, or wrote on; only what they wrote themselves."""
    return {
        "raised": [
            {
                "number": ticket.pk,
                "subject": ticket.subject,
                "status": ticket.status.customer_label,
                "raised at": ticket.raised_at.isoformat(),
                "fields": ticket.custom,
            }
            for ticket in Ticket.objects.raised_by(user.pk).select_related("status")
        ],
        "written": [
            {
                "ticket": message.ticket_id,
                "at": message.created_at.isoformat(),
                "text": message.source,
                "files": [file.name for file in message.attachments.all()],
            }
            for message in Message.objects.filter(author=user).prefetch_related("attachments")
        ],
        "rated": [
            {"ticket": row.ticket_id, "score": row.score, "comment": row.comment}
            for row in Rating.objects.given().filter(ticket__requester=user)
        ],
        "not sent yet": list(Upload.objects.filter(owner=user).values_list("name", flat=True)),
        "followed": list(Participant.objects.filter(user=user).values_list("ticket_id", flat=True)),
    }


register(Holder(name="tickets", export=export, forget=forget_person))
