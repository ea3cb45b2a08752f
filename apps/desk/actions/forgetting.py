from __future__ import annotations

from apps.accounts.models import User
from apps.desk.models import DayCount, DeskPreference, SavedView


def forget_person(user: User) -> None:
    """Take away a person's own views, preferences and figures; shared views stay with the desk."""
    SavedView.objects.filter(owner=user, sharing=SavedView.Sharing.NOBODY).delete()
    DeskPreference.objects.filter(user=user).delete()
    DayCount.objects.filter(user_id=user.pk).delete()
