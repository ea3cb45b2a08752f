from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.notifications.actions import forget_person
from apps.notifications.models import Notification, OutgoingMail, Preference, Recipient


def export(user: User) -> object:
    notes = Notification.objects.filter(recipient=user).order_by("pk")
    mails = OutgoingMail.objects.filter(to=user.email)
    return {
        "preferences": list(Preference.objects.filter(user=user).values("kind", "mail")),
        "told": [
            {"ticket": note.ticket_id, "of": note.kind, "at": note.created_at.isoformat()}
            for note in notes
        ],
        "mail came back": list(
            Recipient.objects.filter(address=user.email).values("state", "reason", "since")
        ),
        "mail": [{"subject": mail.subject, "at": mail.created_at.isoformat()} for mail in mails],
    }


register(Holder(name="notifications", export=export, forget=forget_person))
