"""What the index keeps of a ticket or an article: plain values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    TICKET = "ticket"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One way in which a document is read: `keys` say by whom, and what it may be filtered by."""

    title: str
    texts: tuple[str, ...]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A ticket or an article as it can be found.

    `faces` has one entry if everybody who may read it reads the same, otherwise two: the customers'
    and the staff's. What customers must not find is in the second one only. `version` is the
    newest fact that the document knows of.
    """

    key: int
    version: int
    created_at: datetime
    updated_at: datetime
    faces: tuple[Face, ...]
