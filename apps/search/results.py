"""What a search answers. `*_html` is safe to show: escaped, with <mark> around what matched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketHit:
    """`team_name`, `assignee_name` and the priority are for staff; customers get them empty."""

    ticket_id: int
    ref: str
    number: int
    subject_html: SafeString
    snippet_html: SafeString
    status_category: str
    status_label: str
    customer_label: str
    requester_name: str
    team_name: str
    assignee_name: str
    priority: int
    is_major: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """One page of hits. `following` is the next page's cursor, empty at the end.

    `total` is exact, or if it is capped “at least so many”: counting stops at 1,000, or once there
    are pages enough.

    `corrected` is what was searched instead of words that nothing matched; `problems` are filters
    that were not understood, in words for whoever typed them.
    """

    hits: list[TicketHit] = field(default_factory=list)
    following: str = ""
    total: int = 0
    total_is_capped: bool = False
    corrected: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleHit:
    article_id: int
    slug: str
    title_html: SafeString
    snippet_html: SafeString
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHit:
    user_id: int
    name: str
    email: str
    organisation: str
