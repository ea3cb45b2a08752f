from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.accounts import events
from apps.accounts.access import permissions_of, require
from apps.accounts.errors import DomainRefusedError, TeamRefusedError
from apps.accounts.models import Organisation, OrganisationDomain, Team, TeamMember, User
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
# Whoever owned one of these would own everybody's tickets.
_PUBLIC = frozenset(
    {
        *("aol.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com"),
        *("icloud.com", "live.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com"),
        *("proton.me", "protonmail.com", "qq.com", "web.de", "yahoo.com", "yandex.ru", "zoho.com"),
    }
)


@transaction.atomic
def save_organisation(
    *,
    organisation: Organisation | None,
    name: str,
    shares_tickets: bool,
    notes: str,
    domains: Collection[str],
    actor: Actor,
    now: datetime,
) -> Organisation:
    """Make an organisation, or change one. Its domains are exactly `domains` afterwards.

    Raises DomainRefusedError for a domain that is none, is everybody's, or is another's.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    row = organisation or Organisation(created_at=now)
    row.name, row.shares_tickets, row.notes = " ".join(name.split()), shares_tickets, notes
    row.save()
    wanted = {domain.strip().lower().lstrip("@") for domain in domains}
    _check_domains(wanted, row)
    OrganisationDomain.objects.filter(organisation=row).exclude(domain__in=wanted).delete()
    OrganisationDomain.objects.bulk_create(
        [OrganisationDomain(organisation=row, domain=domain) for domain in sorted(wanted)],
        ignore_conflicts=True,
    )
    fact = events.OrganisationChanged(
        subject=f"organisation:{row.pk}",
        shares_tickets=shares_tickets,
        domains=tuple(sorted(wanted)),
    )
    journal.record(fact, actor=actor, now=now)
    return row


def _check_domains(wanted: Collection[str], owner: Organisation) -> None:
    for domain in wanted:
        if not _DOMAIN.fullmatch(domain):
            raise DomainRefusedError(f"“{domain}” is not a domain. Write it as example.com.")
        if domain in _PUBLIC:
            raise DomainRefusedError(f"Anybody can have an address at {domain}.")
    others = OrganisationDomain.objects.filter(domain__in=wanted).exclude(organisation=owner)
    taken = others.select_related("organisation").first()
    if taken is not None:
        raise DomainRefusedError(f"{taken.domain} belongs to {taken.organisation}.")


@transaction.atomic
def save_team(
    *,
    team: Team | None,
    name: str,
    private: bool,
    members: Collection[User],
    leads: Collection[User],
    actor: Actor,
    now: datetime,
) -> Team:
    """Make a team, or change one. Leads are members; members work on tickets."""
    require(actor, Permission.MANAGE_PEOPLE)
    row = team or Team()
    row.name, row.private = " ".join(name.split()), private
    row.save(update_fields=["name", "private"] if row.pk else None)
    chosen = {user.pk: user for user in [*members, *leads]}
    for user in chosen.values():
        if Permission.WORK_TICKETS not in permissions_of(user):
            raise TeamRefusedError(f"{user} doesn't work on tickets: make them an agent first.")
    before = set(TeamMember.objects.filter(team=row).values_list("user", flat=True))
    # Who stays keeps their row: whose turn it is stands there.
    TeamMember.objects.filter(team=row).exclude(user__in=chosen).delete()
    TeamMember.objects.bulk_create(
        [TeamMember(team=row, user_id=pk) for pk in chosen], ignore_conflicts=True
    )
    leading = Q(user__in=[user.pk for user in leads])
    TeamMember.objects.filter(leading, team=row).update(is_lead=True)
    TeamMember.objects.filter(~leading, team=row).update(is_lead=False)
    for pk in sorted(set(chosen) - before):
        granted = events.AccessGranted(
            subject=events.subject_of(pk), what="team", value=str(row.pk)
        )
        journal.record(granted, actor=actor, now=now)
    for pk in sorted(before - set(chosen)):
        denied = events.AccessDenied(subject=events.subject_of(pk), what="team", value=str(row.pk))
        journal.record(denied, actor=actor, now=now)
    return row


@transaction.atomic
def set_assignment(
    *, team: Team, policy: str, capacity: int | None, actor: Actor, now: datetime
) -> Team:
    """Say how tickets that come to a team find an agent, and how many one has at most."""
    require(actor, Permission.MANAGE_PEOPLE)
    if capacity is not None and capacity < 1:
        raise TeamRefusedError("An agent takes at least one ticket. Leave it empty for no limit.")
    team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    wanted = Team.Assignment(policy).value
    if (team.assignment_policy, team.capacity) == (wanted, capacity):
        return team
    team.assignment_policy, team.capacity = wanted, capacity
    team.save(update_fields=["assignment_policy", "capacity"])
    fact = events.TeamChanged(subject=f"team:{team.pk}", policy=wanted, capacity=capacity)
    journal.record(fact, actor=actor, now=now)
    return team
