"""Who is asking. Every action takes an actor; there is no default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "token", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an API token, the desk itself, or nobody that we know.

    `id` is the user's id for a person and for a token (which acts for its owner). The rest is
    what policies need to answer without a query; facts keep only `kind` and `id`.
    """

    kind: Kind
    id: int | None = None
    permissions: frozenset[str] = frozenset()
    team_ids: frozenset[int] = frozenset()
    hidden_team_ids: frozenset[int] = frozenset()
    shared_organisation_id: int | None = None

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_known(self) -> bool:
        return self.kind != "anonymous"

    def can(self, permission: str) -> bool:
        return self.is_system or permission in self.permissions


SYSTEM = Actor("system")
ANONYMOUS = Actor("anonymous")
