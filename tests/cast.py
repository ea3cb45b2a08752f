"""A small cast that every test knows by name, made through the desk's own actions where it has one.

Customers: rachel and ross (Acme, not sharing), monica manages Acme; oscar (Other Ltd); paula is a
private customer. Staff: alice (agent, Cards), bob (agent, Payments), lena (lead, Cards), fay
(agent, Fraud, a private team), ada (administrator).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.access import actor_for
from apps.accounts.models import Organisation, Team, TeamMember, User
from apps.accounts.permissions import STAFF_ROLES, Role
from apps.kernel.actors import Actor
from apps.tickets.models import Category

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    rachel: User
    ross: User
    monica: User
    oscar: User
    paula: User
    alice: User
    bob: User
    lena: User
    fay: User
    ada: User
    acme: Organisation
    other: Organisation
    cards: Team
    payments: Team
    fraud: Team
    lost_card: Category

    @staticmethod
    def actor(user: User) -> Actor:
        return actor_for(User.objects.select_related("organisation").get(pk=user.pk))


def client_of(user: User) -> Client:
    """A browser in which they are signed in."""
    client = Client()
    client.force_login(user)
    return client


def make_cast() -> Cast:
    acme = Organisation.objects.create(name="Acme")
    other = Organisation.objects.create(name="Other Ltd")
    cards = Team.objects.create(name="Cards")
    payments = Team.objects.create(name="Payments")
    fraud = Team.objects.create(name="Fraud", private=True)
    return Cast(
        rachel=_user("rachel", Role.REQUESTER, acme),
        ross=_user("ross", Role.REQUESTER, acme),
        monica=_user("monica", Role.REQUESTER, acme, manager=True),
        oscar=_user("oscar", Role.REQUESTER, other),
        paula=_user("paula", Role.REQUESTER),
        alice=_user("alice", Role.AGENT, teams=[cards]),
        bob=_user("bob", Role.AGENT, teams=[payments]),
        lena=_user("lena", Role.TEAM_LEAD, teams=[cards]),
        fay=_user("fay", Role.AGENT, teams=[fraud]),
        ada=_user("ada", Role.ADMINISTRATOR),
        acme=acme,
        other=other,
        cards=cards,
        payments=payments,
        fraud=fraud,
        lost_card=Category.objects.create(slug="lost-card", name="Lost card", team=cards),
    )


@functools.cache
def _hashed() -> str:
    """Hashing is slow on purpose; once is enough for all of them."""
    return make_password(PASSWORD)


def _user(
    name: str,
    role: Role,
    organisation: Organisation | None = None,
    *,
    manager: bool = False,
    teams: list[Team] | None = None,
) -> User:
    user = User.objects.create(
        email=f"{name}@example.com",
        password=_hashed(),
        name=name.capitalize(),
        organisation=organisation,
        is_organisation_manager=manager,
        is_staff=role in STAFF_ROLES,
    )
    user.groups.add(Group.objects.get(name=role))
    TeamMember.objects.bulk_create(TeamMember(team=team, user=user) for team in teams or [])
    return user
