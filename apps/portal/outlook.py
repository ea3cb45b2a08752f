"""What happens next on a request and by when, in the customer's words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.portal.words import day
from apps.tickets.statuses import ACTIVE, StatusCategory
from apps.tickets.working_days import working_days_after

_C = StatusCategory
# How far along a request is: received, in hand, solved. What was given up has no place there.
_PROGRESS = {
    _C.NEW: 1, _C.OPEN: 2, _C.PENDING: 2, _C.ON_HOLD: 2, _C.SCHEDULED: 2,
    _C.RESOLVED: 3, _C.CLOSED: 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the outlook depends on; `has_answer` says whether staff wrote anything yet."""

    category: str
    updated_at: datetime
    resolved_at: datetime | None = None
    scheduled_until: datetime | None = None
    due_at: datetime | None = None
    has_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`waits_for` is who has to move: "us", "you", or "" for nobody. `by` is the date in `text`."""

    text: str
    waits_for: str = ""
    by: datetime | None = None
    progress: int = 0


def outlook(
    standing: Standing, *, now: datetime, close_pending_days: int, reopen_days: int
) -> Outlook:
    """`now` decides whether what was promised is still to come.

    `close_pending_days` are working days after which an unanswered question closes the request;
    within `reopen_days` of its solving a request can be reopened.
    """
    category = StatusCategory(standing.category)
    text, by = _said(standing, category, now, close_pending_days, reopen_days)
    waits_for = "you" if category == _C.PENDING else "us" if category in ACTIVE else ""
    return Outlook(text=text, by=by, waits_for=waits_for, progress=_PROGRESS.get(category, 0))


def _said(
    standing: Standing, category: StatusCategory, now: datetime, close_days: int, reopen_days: int
) -> tuple[str, datetime | None]:
    if category in {_C.NEW, _C.OPEN}:
        return _in_hand(standing, now)
    if category == _C.PENDING:
        return _asked(working_days_after(standing.updated_at, close_days), now)
    if category == _C.SCHEDULED and standing.scheduled_until is not None:
        return _scheduled(standing.scheduled_until, now)
    if category == _C.RESOLVED and standing.resolved_at is not None:
        return _solved(standing.resolved_at + timedelta(days=reopen_days), now)
    return _undated(category), None


def _asked(by: datetime, now: datetime) -> tuple[str, datetime | None]:
    if by <= now:
        return _("We wait for your answer. Without one we close this request soon."), None
    text = _("We wait for your answer. If we don't hear from you by %(day)s, we close it.")
    return text % {"day": day(by)}, by


def _scheduled(by: datetime, now: datetime) -> tuple[str, datetime | None]:
    if by <= now:
        return _("We come back to this now."), None
    return _("We come back to this on %(day)s.") % {"day": day(by)}, by


def _solved(by: datetime, now: datetime) -> tuple[str, datetime | None]:
    if by <= now:
        return _("This is solved. We close it soon."), None
    text = _("This is solved. If not, reply or reopen it by %(day)s; then we close it.")
    return text % {"day": day(by)}, by


def _in_hand(standing: Standing, now: datetime) -> tuple[str, datetime | None]:
    by = standing.due_at
    if by is not None and by > now:
        return _("We aim to answer by %(day)s.") % {"day": day(by)}, by
    if by is not None:
        return _("This takes longer than we meant it to. We are on it, and are sorry."), None
    if standing.has_answer:
        return _("We are working on it, and write to you here and by mail."), None
    return _("We have it. Somebody will read it soon, and write to you here and by mail."), None


def _undated(category: StatusCategory) -> str:
    if category == _C.ON_HOLD:
        return _("We wait for somebody outside, and write to you as soon as we know more.")
    if category == _C.CLOSED:
        return _("This request is closed. A reply opens a new one that is linked to it.")
    if category == _C.CANCELLED:
        return _("This request was withdrawn. A reply opens a new one that is linked to it.")
    if category == _C.MERGED:
        return _("This request goes on in another one.")
    return _("Nothing more happens here.")
