from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from apps.accounts import events
from apps.accounts.models import OrganisationDomain, User
from apps.accounts.permissions import STAFF_ROLES, Permission, Role
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError, ForbiddenError


class LastAdministratorError(DomainError):
    code = "person.last-administrator"
    status = 409
    message = "This is the last administrator. Make somebody else one first."


@transaction.atomic
def set_role(*, user: User, role: Role, actor: Actor, now: datetime) -> User:
    """Give a person one of the four roles instead of the one they had."""
    if not actor.can(Permission.MANAGE_PEOPLE):
        raise ForbiddenError
    user = User.objects.select_for_update().get(pk=user.pk)
    before = list(user.groups.values_list("name", flat=True))
    if before == [role]:
        return user
    administrators = User.objects.filter(groups__name=Role.ADMINISTRATOR, is_active=True)
    if Role.ADMINISTRATOR in before and not administrators.exclude(pk=user.pk).exists():
        raise LastAdministratorError
    user.groups.set([Group.objects.get(name=role)])
    user.is_staff = role in STAFF_ROLES
    user.save(update_fields=["is_staff"])
    fact = events.AccessGranted(subject=events.subject_of(user.pk), what="role", value=role)
    journal.record(fact, actor=actor, now=now)
    return user


@transaction.atomic
def join_by_domain(*, user: User, actor: Actor, now: datetime) -> User:
    """Put a person into the organisation that owns their address's domain.

    Only for an address that was proved: whoever calls this knows that it was.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    domain = user.email.rpartition("@")[2]
    found = OrganisationDomain.objects.filter(domain=domain).first()
    if found is None or user.organisation_id is not None:
        return user
    user.organisation_id = found.organisation_id
    user.save(update_fields=["organisation"])
    fact = events.AccessGranted(
        subject=events.subject_of(user.pk), what="organisation", value=str(found.organisation_id)
    )
    journal.record(fact, actor=actor, now=now)
    return user
