from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.portal.actions import forget_person
from apps.portal.models import Deflection


def export(user: User) -> object:
    """Which suggested articles the person opened while writing a request."""
    rows = Deflection.objects.filter(reader=user).values("article_id", "opened_at", "outcome")
    return {"articles opened": [{**row, "opened_at": str(row["opened_at"])} for row in rows]}


register(Holder(name="portal", export=export, forget=lambda user: forget_person(user.pk)))
