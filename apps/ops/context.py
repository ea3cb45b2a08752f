from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, object]:
    """What every template may need to know about this desk."""
    return {"desk_name": settings.DESK_NAME, "is_demo": settings.DEMO}
