"""People by part of a name or an address, and by what is like it."""

from __future__ import annotations

from django.db import connection

from apps.accounts.models import User
from apps.search import spelling
from apps.search.adapters import postgresql
from apps.search.adapters.postgresql import Ask
from apps.search.words import fold

MOST_WORDS = 4
_COMPARED = 20_000  # people whose names SQLite's desk compares one by one
_CLOSE, _ALIKE = 0.7, 0.4  # shares of the trigrams: hardly mistyped, and badly


def ids_of(text: str, *, limit: int, loosely: bool) -> list[int]:
    """People whose name and address hold every word of the text; else those with one like it.

    Whoever is only remotely alike is looked for `loosely`, and only if nobody is closer: to a
    short word that is everybody in forty, and comparing them costs more than the whole page.
    """
    parts = text.lower().replace("\0", "").split()[:MOST_WORDS]
    if not parts:
        return []
    if connection.vendor != "postgresql":
        return _held(parts, limit) or _alike_one_by_one(parts, limit, loosely=loosely)
    if not postgresql.has_trigrams():
        return _held(parts, limit)
    found = _held_or_alike(parts, limit, _CLOSE)
    return found or (_held_or_alike(parts, limit, _ALIKE) if loosely else [])


def _held(parts: list[str], limit: int) -> list[int]:
    with connection.cursor() as cursor:
        asked = _ask_held(parts, limit)
        cursor.execute(asked.sql, asked.values)
        return [pk for (pk,) in cursor]


def _ask_held(parts: list[str], limit: int) -> Ask:
    """The expression is that of the index search_person."""
    one = "lower(name) || ' ' || email LIKE %s ESCAPE '!'"
    return Ask(
        f"SELECT id FROM accounts_user WHERE {' AND '.join(['(' + one + ')'] * len(parts))} "
        "AND anonymised_at IS NULL ORDER BY length(name), id LIMIT %s",
        [*(f"%{_literal(part)}%" for part in parts), limit],
    )


def _literal(part: str) -> str:
    return part.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _held_or_alike(parts: list[str], limit: int, share: float) -> list[int]:
    """In one round trip; whoever is only alike is looked for only if nobody holds the words."""
    held, text = _ask_held(parts, limit), " ".join(parts)
    both = Ask(
        f"WITH held AS MATERIALIZED ({held.sql}), alike AS MATERIALIZED ("
        "SELECT id FROM accounts_user WHERE NOT EXISTS (SELECT FROM held) "
        "AND %s <%% (lower(name) || ' ' || email) AND anonymised_at IS NULL "
        "ORDER BY word_similarity(%s, lower(name) || ' ' || email) DESC, id LIMIT %s) "
        "SELECT id FROM held UNION ALL SELECT id FROM alike",
        [*held.values, text, text, limit],
    )
    threshold = {"pg_trgm.word_similarity_threshold": str(share)}
    (found,) = postgresql.by_index(both, settings=threshold)
    return [pk for (pk,) in found]


def _alike_one_by_one(parts: list[str], limit: int, *, loosely: bool) -> list[int]:
    rows = User.objects.filter(anonymised_at=None).values_list("pk", "name", "email")[:_COMPARED]
    found = []
    for pk, name, email in rows:
        held = [fold(word) for word in (*name.split(), *email.split("@"))]
        likeness = min(max(_likeness(fold(part), word) for word in held) for part in parts)
        if likeness >= _ALIKE:
            found.append((-likeness, pk))
    close = [one for one in found if -one[0] >= _CLOSE]
    return [pk for _, pk in sorted(close or (found if loosely else []))[:limit]]


def _likeness(part: str, word: str) -> float:
    return max(spelling.likeness(part, word), spelling.slipped(part, word) == 1)
