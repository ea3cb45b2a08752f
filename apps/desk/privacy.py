from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.desk.actions import forget_person
from apps.desk.models import DayCount, DeskPreference, SavedView


def export(user: User) -> object:
    days = DayCount.objects.filter(user_id=user.pk).order_by("day", "deed")
    return {
        "views": list(SavedView.objects.filter(owner=user).values("name", "filter", "sharing")),
        "preferences": list(DeskPreference.objects.filter(user=user).values("first_view")),
        "days": [
            {"day": row.day.isoformat(), "what": row.deed, "times": row.count} for row in days
        ],
    }


register(Holder(name="desk", export=export, forget=forget_person))
