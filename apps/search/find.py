"""Search, as pages ask for it. Only what the actor may see is ever found, counted or quoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.kernel.actors import Actor
from apps.search import access, filters
from apps.search.among import Among
from apps.search.documents import Kind
from apps.search.expressions import And, Expression, Not, Or
from apps.search.filters import Resolved
from apps.search.highlight import marker
from apps.search.hits import article_hits, ticket_hits
from apps.search.index import WINDOW, Found, Question, index
from apps.search.people import ids_of
from apps.search.query import Query, parse
from apps.search.ranking import Cursor, ordered
from apps.search.results import ArticleHit, PersonHit, TicketPage
from apps.search.words import COMMON, words

_GUESSABLE = 3  # letters
_FAIR = 0.3  # of the best article's score


def tickets(
    text: str,
    *,
    actor: Actor,
    cursor: str = "",
    limit: int = 20,
    now: datetime | None = None,
    among: Among | None = None,
) -> TicketPage:
    """One page of tickets that match, best first. Nothing typed finds nothing.

    `among` narrows to a list that the page shows; a number that is typed is found anyway.
    `now` is what 7d or today are reckoned from, in its zone; left out, it is this moment.
    """
    readable = access.tickets_for(actor)
    if readable is None:
        return TicketPage()
    query, begin = parse(text), Cursor.read(cursor) if cursor else None
    if query.is_surely_number:
        hits = ticket_hits([query.number or 0], actor, marker(query.wanted))
        return TicketPage(hits=hits, total=len(hits))
    resolved = filters.resolve(query.filters, actor=actor, now=now or timezone.localtime())
    resolved.parts += among.parts() if among else ()
    if query.is_cut:
        resolved.problems.append(_("The search was too long: its end was left out."))
    page, corrected = TicketPage(), ""
    if begin is None or not begin.mended:
        page = _page(query, readable, resolved, begin, actor=actor, limit=limit)
    if not page.total and query.wanted and (begin is None or begin.mended):
        corrected = _mended(Kind.TICKET, text, query, readable)
        if corrected:
            begin = begin or Cursor(newest=0, mended=True)
            page = _page(parse(corrected), readable, resolved, begin, actor=actor, limit=limit)
    return replace(page, problems=resolved.problems, corrected=corrected if page.total else "")


def articles(text: str, *, actor: Actor, limit: int = 10, language: str = "") -> list[ArticleHit]:
    """Articles that hold all the words, best first; mended where nothing holds a word."""
    query, readable = parse(text), access.articles_for(actor)
    hits = _articles(query, readable, And, actor=actor, limit=limit, language=language)
    if hits or not query.wanted:
        return hits
    mended = _mended(Kind.ARTICLE, text, query, readable)
    if not mended:
        return []
    return _articles(parse(mended), readable, And, actor=actor, limit=limit, language=language)


def suggest(text: str, *, actor: Actor, limit: int = 3) -> list[ArticleHit]:
    """Articles that hold any of the words, best first: for somebody who is still typing.

    Rare words say more than common ones; what matches much worse than the best is left out.
    """
    query = parse(text)
    telling = tuple(
        term for term in query.wanted if len(term.found) > 1 or term.found[0].folded not in COMMON
    )
    query = replace(query, terms=telling)
    return _articles(query, access.articles_for(actor), Or, actor=actor, limit=limit)


def people(text: str, *, actor: Actor, limit: int = 10, loosely: bool = True) -> list[PersonHit]:
    """People by name or address, mistyped or not; for staff. Badly mistyped only `loosely`."""
    if not access.is_staff(actor):
        return []
    ids = ids_of(text, limit=limit, loosely=loosely)
    found = User.objects.select_related("organisation").in_bulk(ids)
    return [
        PersonHit(
            user_id=user.pk,
            name=user.get_full_name(),
            email=user.email,
            organisation=user.organisation.name if user.organisation else "",
        )
        for user in (found[pk] for pk in ids if pk in found)
    ]


def _articles(
    query: Query,
    readable: Expression,
    joined: type[And | Or],
    *,
    actor: Actor,
    limit: int,
    language: str = "",
) -> list[ArticleHit]:
    """Filters are for tickets: in this box they are not understood, and left out."""
    asked = tuple(term.expression for term in query.wanted)
    if not asked:
        return []
    barred = tuple(Not(term.expression) for term in query.terms if term.negated)
    question = Question(
        kind=Kind.ARTICLE, where=And((readable, joined(asked), *barred)), ranked_by=asked
    )
    found = index.get().find(question).candidates
    best = sorted(found, key=lambda candidate: (-candidate.score, -candidate.key))
    fair = best[0].score * _FAIR if best and joined is Or else 0
    # A translation may take the place of each: some more than are shown.
    keys = [candidate.key for candidate in best if candidate.score >= fair][: limit * 4]
    return article_hits(keys, actor, marker(query.wanted), language=language)[:limit]


def _page(
    query: Query,
    readable: Expression,
    resolved: Resolved,
    begin: Cursor | None,
    *,
    actor: Actor,
    limit: int,
) -> TicketPage:
    """A page of the window that begins at the cursor; the next window follows at its end."""
    asked = tuple(term.expression for term in query.wanted)
    barred = tuple(Not(term.expression) for term in query.terms if term.negated)
    if not asked and not barred and not resolved.is_asked:
        return TicketPage()
    question = Question(
        kind=Kind.TICKET,
        where=And((readable, *asked, *resolved.parts, *barred)),
        ranked_by=(And(asked),) if asked else (),
        created=resolved.created,
        updated=resolved.updated,
        newest=begin.newest if begin and begin.newest else None,
        window=WINDOW,
    )
    found = index.get().find(question)
    best = [candidate.key for candidate in ordered(found.candidates, ranked=bool(asked))]
    if query.number in best or (query.number and begin is None):
        best = [query.number, *(key for key in best if key != query.number)]
    after = best.index(begin.last) + 1 if begin and begin.last in best else 0
    shown = best[after : after + limit]
    hits = ticket_hits(shown, actor, marker(query.wanted))
    total = max(found.total, len(hits))
    if found.is_capped:
        total -= total % 100
    return TicketPage(
        hits=hits,
        following=_following(found, best, shown, begin, window=question.window),
        total=total,
        total_is_capped=found.is_capped,
    )


def _following(
    found: Found, best: list[int], shown: list[int], begin: Cursor | None, *, window: int
) -> str:
    if not shown:
        return ""
    mended = begin is not None and begin.mended
    keys = [candidate.key for candidate in found.candidates]
    if shown[-1] != best[-1]:
        newest = begin.newest if begin and begin.newest else keys[0]
        return str(Cursor(newest, shown[-1], mended))
    if len(keys) == window and keys[-1] > 1:
        return str(Cursor(keys[-1] - 1, 0, mended))
    return ""


def _mended(kind: Kind, text: str, query: Query, readable: Expression) -> str:
    """The text with other words for those that nothing readable holds; empty if that is none."""
    typed = [
        word.folded
        for term in query.wanted
        for word in term.found
        if len(word.folded) >= _GUESSABLE and word.folded.isalpha()
    ]
    meant = index.get().spell(kind, list(dict.fromkeys(typed)), readable)
    parts, last = [], 0
    for word in words(text):
        if word.folded in meant:
            parts += [text[last : word.start], meant[word.folded]]
            last = word.end
    return "".join([*parts, text[last:]]) if parts else ""
