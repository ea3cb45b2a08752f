"""The queue's rows as HTML, made in Python: a template costs ten times as much per row.

Everything goes through html_of, which escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.desk.listing import Page, Row
from apps.kernel.stencils import html_of
from apps.search.results import TicketHit

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_WEEK = timedelta(days=7)

_ROW = """<li class="q-row{extra}" data-row="{pk}">\
<label class="q-tick"><input type="checkbox" name="ticket" value="{pk}" form="bulk" \
aria-label="{choose}"></label>\
<a class="q-link" href="{base}{pk}/change/" id="t{pk}">\
<span class="q-subject"><bdi>{subject}</bdi></span></a>\
<span class="q-meta"><span class="q-number">#{pk}</span> <bdi>{who}</bdi>{category}{tags}</span>\
<span class="q-signs">{signs}</span>\
<span class="q-status s-{state}">{label}</span>\
<span class="q-level l-{priority}" title="{level_title}">{level}</span>\
<span class="q-holder{nobody}"><bdi>{holder}</bdi></span>\
<time class="q-time" datetime="{iso}" title="{moment}">{ago}</time>{snippet}</li>"""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said on every row, translated once a page."""

    choose: str
    priority: str
    major: str
    nobody: str
    waits: str
    due: str
    late: str
    wakes: str

    @classmethod
    def now(cls) -> Words:
        return cls(
            choose=_("Choose ticket #%s"),
            priority=_("Priority %s"),
            major=_("Major incident"),
            nobody=_("Nobody's"),
            waits=_("Waits %s"),
            due=_("Due in %s"),
            late=_("Late by %s"),
            wakes=_("Wakes %s"),
        )


def listed(page: Page, *, base: str, now: datetime) -> SafeString:
    """The rows of one page. `base` is the queue's own path."""
    words = Words.now()
    rows = (_row(row, page.tags.get(row["pk"], ()), base, now, words) for row in page.rows)
    return _joined(rows, "\n")


def _row(row: Row, tags: Sequence[str], base: str, now: datetime, words: Words) -> SafeString:
    requester = row["requester__name"] or row["requester__email"]
    organisation = row["organisation__name"]
    waits = row["waiting_since"]
    assignee = row["assignee__name"] or row["assignee__email"]
    team = row["team__name"]
    standing = row["status__agent_label"]
    return html_of(
        _ROW,
        extra=" waits" if waits is not None else "",
        pk=row["pk"],
        base=base,
        choose=words.choose % row["pk"],
        subject=row["subject"],
        who=f"{requester}, {organisation}" if organisation else requester,
        category=_part(row["category__name"]),
        tags=_joined(html_of(' <span class="q-tag">{}</span>', tag) for tag in tags),
        signs=_signs(row, now, words),
        state=row["status_category"],
        label=_(standing),
        **_level(row["priority"], row["is_major_incident"], words),
        nobody="" if assignee else " nobody",
        holder=" · ".join(filter(None, (assignee or words.nobody, team))),
        iso=row["updated_at"].isoformat(),
        moment=date_format(timezone.localtime(row["updated_at"]), "SHORT_DATETIME_FORMAT"),
        ago=ago(row["updated_at"], now),
        snippet="",
    )


def _level(priority: int, is_major: bool, words: Words) -> dict[str, object]:
    if is_major:
        return {"priority": "major", "level_title": words.major, "level": words.major}
    title = words.priority % priority
    return {"priority": priority, "level_title": title, "level": f"P{priority}"}


def _part(text: str | None) -> SafeString | str:
    return html_of(' <span class="q-part"><bdi>{}</bdi></span>', text) if text else ""


def _signs(row: Row, now: datetime, words: Words) -> SafeString | str:
    """What wants attention: who waits, what is due or late, when it wakes."""
    found: list[tuple[str, str]] = []
    if row["waiting_since"] is not None:
        found.append(("waits", words.waits % span(now - row["waiting_since"])))
    due = row["next_due_at"]
    if due is not None:
        late = due < now
        text = words.late % span(now - due) if late else words.due % span(due - now)
        found.append(("late" if late else "due", text))
    wakes = row["scheduled_until"]
    if wakes is not None:
        found.append(
            ("wakes", words.wakes % date_format(timezone.localtime(wakes), "NEAR_DATETIME_FORMAT"))
        )
    return _joined(html_of('<span class="q-sign {}">{}</span>', *sign) for sign in found)


def hits(found: Iterable[TicketHit], *, base: str, now: datetime) -> SafeString:
    """What search found, in the same hand. Its marks are safe HTML."""
    words = Words.now()
    return _joined((_hit(hit, base, now, words) for hit in found), "\n")


def _hit(hit: TicketHit, base: str, now: datetime, words: Words) -> SafeString:
    holder = " · ".join(filter(None, (hit.assignee_name or words.nobody, hit.team_name)))
    snippet = hit.snippet_html
    return html_of(
        _ROW,
        extra="",
        pk=hit.number,
        base=base,
        choose=words.choose % hit.number,
        subject=hit.subject_html,
        who=hit.requester_name,
        category="",
        tags="",
        signs="",
        state=hit.status_category,
        label=_(hit.status_label),
        **_level(hit.priority, hit.is_major, words),
        nobody="" if hit.assignee_name else " nobody",
        holder=holder,
        iso=hit.updated_at.isoformat(),
        moment=date_format(timezone.localtime(hit.updated_at), "SHORT_DATETIME_FORMAT"),
        ago=ago(hit.updated_at, now),
        snippet=html_of('<span class="q-snippet">{}</span>', snippet) if snippet else "",
    )


def _joined(parts: Iterable[SafeString], between: str = "") -> SafeString:
    return mark_safe(between.join(parts))  # noqa: S308 - each part is safe


def span(length: timedelta) -> str:
    """A length of time, as short as can be."""
    if length < _HOUR:
        return _("%d min") % max(0, length // _MINUTE)
    if length < 2 * _DAY:
        return _("%d h") % (length // _HOUR)
    return _("%d d") % (length // _DAY)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago; a date after a week."""
    if now - moment < _MINUTE:
        return _("now")
    if now - moment < _WEEK:
        return span(now - moment)
    local = timezone.localtime(moment)
    same_year = local.year == timezone.localtime(now).year
    return date_format(local, "NEAR_DATE_FORMAT" if same_year else "SHORT_DATE_FORMAT")
