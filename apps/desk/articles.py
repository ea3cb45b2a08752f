"""From a solved ticket to the proposal of an article: who asked is left out. Pure.

Nobody's name, address or number belongs into an article. What is known or looks like one is taken
out here; a person still reads the proposal before it becomes a draft, and a lead before it is out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

GONE = "[…]"
_GREETING = re.compile(
    r"\A\s*(hi|hello|hey|dear|good (morning|afternoon|evening|day))\b[^\n,.!?]{0,60}"
    r"[,.!]?[ \t]*\n*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^[ \t]*((many |kind |best |warm )?(thanks|thank you|regards|wishes)|cheers|best|yours"
    r"|sincerely|all the best|yours (sincerely|faithfully))[ \t]*[,.!]?[ \t]*"
    r"(\n[^\n]{0,60}){0,3}\s*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_FIGURES = (
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),  # e-mail addresses
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b"),  # IBANs
    re.compile(r"(?<![\w£€$])\+?\d(?:[ \-./()]{0,2}\d){7,}(?!\w)"),  # telephone, card, account
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"),  # British postcodes
    re.compile(r"\b[A-Z]{2,4}-\d{3,}(-\d{2,})*\b"),  # case and reference numbers
)
_SHORT = 3  # letters: shorter parts of names are words too
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as the proposal needs it."""

    id: int
    text: str
    is_markdown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    title: str
    source: str


def propose(
    subject: str,
    question: Said,
    answers: Iterable[Said],
    *,
    people: Collection[str],
    others: Collection[str] = (),
) -> Proposal:
    """The question quoted, the chosen answers under it, both without who wrote them.

    `people` are called so, of whom parts of the name go too; `others` are whole names and
    addresses.
    """
    patterns = _patterns(people, others)
    asked = trimmed(question, patterns)
    quoted = "\n".join(f"> {line}".rstrip() for line in asked.splitlines())
    told = [trimmed(answer, patterns) for answer in answers]
    parts = [quoted, *(text for text in told if text)]
    title = " ".join(_without(subject, patterns).split()).strip(" .:-")
    return Proposal(title=title[:200], source="\n\n".join(part for part in parts if part))


def trimmed(said: Said, patterns: Sequence[re.Pattern[str]]) -> str:
    """A message as Markdown, without greeting, sign-off, names and personal figures."""
    text = said.text.replace("\r\n", "\n").strip()
    text = _GREETING.sub("", text, count=1)
    text = _SIGN_OFF.sub("", text).strip()
    text = _without(text, patterns)
    if not said.is_markdown:
        text = _MARKUP.sub(r"\\\1", text).replace("\\[…\\]", GONE)
    return text[:1].upper() + text[1:]


def fullest(answers: Collection[Said]) -> Said | None:
    """The answer that most likely solved it: the one that says most."""
    return max(answers, key=lambda answer: len(answer.text), default=None)


def _without(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    for pattern in (*_FIGURES, *patterns):
        text = pattern.sub(GONE, text)
    return re.sub(rf"{re.escape(GONE)}(?:[ ,]*{re.escape(GONE)})+", GONE, text)


def _patterns(people: Collection[str], others: Collection[str]) -> list[re.Pattern[str]]:
    """Whole names however they are spelt; parts of names as names are: Grace, but not grace."""
    names = {name.strip() for name in people}
    parts = {part for name in names for part in name.split() if part[0].isupper()}
    found = []
    for spelt, flags in (
        (names | {other.strip() for other in others}, re.IGNORECASE),
        (parts | {part.upper() for part in parts}, re.NOFLAG),
    ):
        known = sorted((name for name in spelt if len(name) >= _SHORT), key=len, reverse=True)
        if known:
            either = "|".join(map(re.escape, known))
            found.append(re.compile(rf"(?<!\w)(?:{either})(?:['\u2019]s)?(?!\w)", flags))
    return found
