"""How mail reads: subjects from questions, greetings and sign-offs around texts. Pure."""

from __future__ import annotations

import re
from functools import cache

SUBJECT_LIMIT = 80  # characters
_WORTH_SAYING = 16  # characters: a shorter first sentence needs the next one

_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|dear sirs?|good (?:day|morning|afternoon|evening))"
    r"(?: there(?!['’])| all| team)?\b(?!['’])[\s,.!;:-]*)+",
    re.IGNORECASE,
)
_PLEA = re.compile(
    r"^(?:please|help|ok|okay|so|um|well|sorry|thanks|yes|yeah|urgent|quick question)\b[\s,.!;:-]+"
    r"(?=(?:help|i|my|the|there|why|how|what|where|when|can|do|does|is|are|someone|somebody)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[^\s.][^A-Z.][.!?])\s+")
_CLAUSE_END = re.compile(r"[,;:]\s|\s-\s")
_CLAUSE_LEAST = 35  # characters
_DANGLING = re.compile(
    r"(?:[\s,;:-]+(?:a|an|and|as|at|because|but|by|for|from|if|in|is|it|my|of|on|or|so|that|the|"
    r"then|this|to|was|when|which|while|with|I|have|has|had|can|could|would|not|are|be|been|yet|you|your|and|very|just|also))+$",
    re.IGNORECASE,
)


@cache
def subject_of(question: str) -> str:
    """A line of at most 80 characters that says what a question is about."""
    text = " ".join(question.split())
    text = _GREETING.sub("", text) or text
    text = _PLEA.sub("", text) or text
    text = text.lstrip("|.,;:!?-… ") or text
    line = ""
    for sentence in _SENTENCE_END.split(text):
        line = f"{line} {sentence}".strip()
        if len(line) >= _WORTH_SAYING:
            break
    return _sentence_case(_shorten(line))


def greets(question: str) -> bool:
    return _GREETING.match(question) is not None


def letter(greeting: str, text: str, sign_off: str) -> str:
    """A text with what stands around it; an empty part leaves no gap."""
    return "\n\n".join(part for part in (greeting, text, sign_off) if part)


def _shorten(line: str) -> str:
    if len(line) > SUBJECT_LIMIT:
        head = line[: SUBJECT_LIMIT + 1]
        clauses = [end.start() for end in _CLAUSE_END.finditer(head)]
        if clauses and clauses[-1] >= _CLAUSE_LEAST:
            cut = head[: clauses[-1]]
        else:
            cut = head.rpartition(" ")[0] or line[:SUBJECT_LIMIT]
        return _DANGLING.sub("", cut).rstrip(" .,;:!?-…")
    asks = line.rstrip(" .,;:!-…").endswith("?")
    bare = line.rstrip(" .,;:!?-…")
    return f"{bare}?" if asks and len(bare) < SUBJECT_LIMIT else bare or line


def _sentence_case(line: str) -> str:
    if line.isupper():
        line = line.lower()
    line = re.sub(r"\bi\b(?!\.e)", "I", line)
    return line[:1].upper() + line[1:]
