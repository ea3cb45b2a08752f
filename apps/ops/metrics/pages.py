"""What kind of page a route is, for figures: few enough to be paid for, by what they do. Pure."""

from __future__ import annotations

# The first that fits, from the most particular on. Routes as Django spells them.
_KINDS = (
    ("admin/tickets/ticket/<int:pk>/here/", "live"),
    ("admin/tickets/ticket/<int:pk>/news/", "live"),
    ("admin/tickets/ticket/<int:pk>/", "workspace"),
    ("admin/tickets/ticket/", "queue"),
    ("admin/", "admin"),
    ("requests/<str:ref>/news/", "live"),
    ("requests/", "request"),
    ("new/", "raise"),
    ("help/", "knowledge"),
    ("search/", "search"),
    ("account/", "account"),
    ("files/", "files"),
    ("uploads/", "files"),
    ("worker/", "worker"),
)
OTHER = "other"
KINDS = (*dict.fromkeys(kind for _, kind in _KINDS), OTHER)


def kind_of(route: str) -> str:
    """`route` without its leading slash; "" where no page was found."""
    return next((kind for start, kind in _KINDS if route.startswith(start)), OTHER)
