"""When a solving may be rated, the signed link that mail carries, and what staff may read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core import signing

from apps.kernel.errors import NotFoundError
from apps.tickets.errors import RatingClosedError
from apps.tickets.models import Rating, Ticket

OPEN_FOR = timedelta(days=30)  # from the solving on
CHANGEABLE_FOR = timedelta(days=14)  # from the first answer on
ASK_WITHIN = timedelta(days=7)  # a chore that stood still asks nobody about last month
_SALT = "tickets.rating"
_SOLVED = frozenset({"resolved", "closed"})


def solving(ticket: Ticket, *, now: datetime) -> datetime | None:
    """When the ticket was solved, while that may be rated. Pure."""
    if ticket.status_category not in _SOLVED or ticket.resolved_at is None:
        return None
    return ticket.resolved_at if now < ticket.resolved_at + OPEN_FOR else None


def may_change(rating: Rating, *, now: datetime) -> bool:
    return rating.given_at is None or now < rating.given_at + CHANGEABLE_FOR


def current(ticket: Ticket, *, now: datetime) -> Rating | None:
    """The rating of the present solving, empty if there is none yet; None: not to be rated."""
    solved_at = solving(ticket, now=now)
    if solved_at is None:
        return None
    found = Rating.objects.filter(ticket=ticket, solved_at=solved_at).first()
    return found or Rating(ticket=ticket, solved_at=solved_at)


def token_for(ticket: Ticket) -> str:
    """Who holds it may rate this solving in the requester's name, without signing in."""
    solved_at = ticket.resolved_at
    stamp = int(solved_at.timestamp() * 1_000_000) if solved_at else 0
    return signing.dumps([ticket.ref, stamp], salt=_SALT)


def behind(token: str) -> tuple[Ticket, datetime]:
    """The ticket and the solving that a token names.

    Raises NotFoundError for a token that isn't ours, RatingClosedError for an old one.
    """
    try:
        ref, stamp = signing.loads(token, salt=_SALT, max_age=OPEN_FOR)
    except signing.SignatureExpired:
        raise RatingClosedError from None
    except (signing.BadSignature, TypeError, ValueError):
        raise NotFoundError from None
    ticket = Ticket.objects.select_related("requester__organisation").filter(ref=ref).first()
    if ticket is None or not ticket.requester.is_active:
        raise NotFoundError
    solved_at = datetime.fromtimestamp(stamp // 1_000_000, tz=UTC)
    return ticket, solved_at + timedelta(microseconds=stamp % 1_000_000)
