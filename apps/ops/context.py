from __future__ import annotations

import functools

from django.conf import settings
from django.http import HttpRequest

from apps.accounts.identity import provider
from apps.accounts.looks import theme_of
from demo.reading import load_desk


def desk(request: HttpRequest) -> dict[str, object]:
    """What every template may need to know about this desk."""
    return {
        "desk_name": settings.DESK_NAME,
        "is_demo": settings.DEMO,
        "local_accounts": settings.LOCAL_ACCOUNTS,
        "has_provider": provider() is not None,
        "theme": theme_of(request),
        **_demo(settings.DEMO),
    }


@functools.cache
def _demo(is_demo: bool) -> dict[str, object]:
    """Whom a visitor of the demo may sign in as."""
    if not is_demo:
        return {}
    demo = load_desk()
    people = [(entry.label, demo.people[entry.person].email) for entry in demo.sign_ins]
    return {"demo_people": people, "demo_password": demo.password}
