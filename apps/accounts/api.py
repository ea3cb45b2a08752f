"""What the desk tells programs that come with a token. Its shapes are contracts, as facts' are.

contracts/bodies.json is their snapshot, which a release holds to the one that is live (ADR 53).
"""

from __future__ import annotations

from typing import TypedDict

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.events.bodies import contract, fields_of
from apps.kernel.actors import Actor

VERSION = 1


class Me(TypedDict):
    """Whom a token stands for: the answer of GET /api/me."""

    id: str
    email: str
    name: str
    role: str
    permissions: list[str]


def me(person: User, actor: Actor) -> Me:
    role = person.groups.values_list("name", flat=True).first()
    return Me(
        id=person.ref,
        email=person.email,
        name=person.name,
        role=role or (Role.ADMINISTRATOR if person.is_superuser else Role.REQUESTER),
        permissions=sorted(actor.permissions),
    )


contract("api: GET /api/me", version=VERSION, fields=fields_of(Me))
