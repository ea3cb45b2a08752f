from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.desk import actions
from apps.desk.models import DayCount, DeskPreference, Draft, Mention, SavedReply, SavedView


def export(user: User) -> object:
    days = DayCount.objects.filter(user_id=user.pk).order_by("day", "deed")
    return {
        "views": list(SavedView.objects.filter(owner=user).values("name", "filter", "sharing")),
        "preferences": list(DeskPreference.objects.filter(user=user).values("first_view")),
        "days": [
            {"day": row.day.isoformat(), "what": row.deed, "times": row.count} for row in days
        ],
    }


def export_writing(user: User) -> object:
    """What the person has not sent yet, their own saved replies, and where they were mentioned."""
    return {
        "drafts": list(Draft.objects.filter(author=user).values("ticket_id", "kind", "text")),
        "saved replies": list(SavedReply.objects.filter(owner=user).values("title", "body")),
        "mentioned in messages": list(
            Mention.objects.filter(user=user).values_list("message_id", flat=True)
        ),
    }


def forget_writing(user: User) -> None:
    actions.forget_drafts(author_id=user.pk)
    actions.forget_mentions(user_id=user.pk)
    actions.forget_replies(owner_id=user.pk)


register(Holder(name="desk", export=export, forget=actions.forget_person))
register(Holder(name="desk, writing", export=export_writing, forget=forget_writing))
