from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import events
from apps.accounts.access import is_self, require
from apps.accounts.errors import AddressTakenError, LastAdministratorError, PlaceRefusedError
from apps.accounts.models import Organisation, OrganisationDomain, User
from apps.accounts.permissions import STAFF_ROLES, Permission, Role
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.text import one_line


@transaction.atomic
def set_role(*, user: User, role: Role, actor: Actor, now: datetime) -> User:
    """Give a person one of the four roles instead of the one they had."""
    require(actor, Permission.MANAGE_PEOPLE)
    user = User.objects.select_for_update().get(pk=user.pk)
    before = list(user.groups.values_list("name", flat=True))
    if before == [role]:
        return user
    if role != Role.ADMINISTRATOR:
        keep_an_administrator(user)
    user.groups.set([Group.objects.get(name=role)])
    user.is_staff = role in STAFF_ROLES
    user.is_superuser = user.is_superuser and role == Role.ADMINISTRATOR
    user.save(update_fields=["is_staff", "is_superuser"])
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


@transaction.atomic
def follow_domain(*, user: User, before: str, actor: Actor, now: datetime) -> User:
    """Likewise for an address that has just been proved, after another one (`before`).

    Who was in an organisation because of the old one's domain is so no longer. A manager stays:
    somebody chose them.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    old, new = (address.rpartition("@")[2] for address in (before, user.email))
    was = OrganisationDomain.objects.filter(domain=old, organisation=user.organisation_id)
    if old != new and not user.is_organisation_manager and was.exists():
        user = _put(user, None, manager=False, actor=actor, now=now)
    return join_by_domain(user=user, actor=actor, now=now)


def keep_an_administrator(user: User) -> None:
    """Raises LastAdministratorError if nobody else could run the desk without this person."""
    # Else two administrators who demote each other at once would both see the other one there.
    Group.objects.select_for_update(no_key=True).get(name=Role.ADMINISTRATOR)
    runs_it = Q(groups__name=Role.ADMINISTRATOR) | Q(is_superuser=True)
    administrators = set(User.objects.filter(runs_it, is_active=True).values_list("pk", flat=True))
    if administrators == {user.pk}:
        raise LastAdministratorError


@transaction.atomic
def invite(*, email: str, name: str, role: Role, actor: Actor, now: datetime) -> User:
    """A person without a password yet: whoever calls this sends them the way to choose one."""
    require(actor, Permission.MANAGE_PEOPLE)
    address = email.strip().lower()
    if User.objects.filter(email=address).exists():
        raise AddressTakenError
    user = User(email=address, name=one_line(name))
    user.set_unusable_password()
    user.save(force_insert=True)
    return set_role(user=user, role=role, actor=actor, now=now)


@transaction.atomic
def edit_person(
    *, user: User, name: str, locale: str, time_zone: str, actor: Actor, now: datetime
) -> User:
    """What people say of themselves; administrators may for anybody."""
    if not is_self(actor, user):
        require(actor, Permission.MANAGE_PEOPLE)
    user = User.objects.select_for_update().get(pk=user.pk)
    wanted = {"name": one_line(name), "locale": locale, "time_zone": time_zone}
    changed = tuple(key for key, value in wanted.items() if getattr(user, key) != value)
    if not changed:
        return user
    for key in changed:
        setattr(user, key, wanted[key])
    user.save(update_fields=changed)
    fact = events.PersonChanged(subject=events.subject_of(user.pk), changed=changed)
    journal.record(fact, actor=actor, now=now)
    return user


@transaction.atomic
def set_active(*, user: User, active: bool, actor: Actor, now: datetime) -> User:
    """Let a person sign in, or no longer. Their tickets and messages stay."""
    require(actor, Permission.MANAGE_PEOPLE)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active == active:
        return user
    if active and user.anonymised_at is not None:
        raise PlaceRefusedError(_("An anonymised person can't come back. Invite them anew."))
    if not active:
        keep_an_administrator(user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    kind = events.AccessGranted if active else events.AccessDenied
    fact = kind(subject=events.subject_of(user.pk), what="sign-in", value="")
    journal.record(fact, actor=actor, now=now)
    return user


@transaction.atomic
def place(
    *,
    user: User,
    organisation: Organisation | None,
    manager: bool,
    actor: Actor,
    now: datetime,
) -> User:
    """Put a person into an organisation, as a member or as its manager, or into none."""
    require(actor, Permission.MANAGE_PEOPLE)
    if manager and organisation is None:
        raise PlaceRefusedError(_("Choose the organisation that this person manages."))
    user = User.objects.select_for_update().get(pk=user.pk)
    return _put(user, organisation, manager=manager, actor=actor, now=now)


def _put(
    user: User, organisation: Organisation | None, *, manager: bool, actor: Actor, now: datetime
) -> User:
    after = organisation.pk if organisation else None
    if (user.organisation_id, user.is_organisation_manager) == (after, manager):
        return user
    before, user.organisation_id, user.is_organisation_manager = (
        user.organisation_id,
        after,
        manager,
    )
    user.save(update_fields=["organisation", "is_organisation_manager"])
    subject = events.subject_of(user.pk)
    if before is not None and before != after:
        denied = events.AccessDenied(subject=subject, what="organisation", value=str(before))
        journal.record(denied, actor=actor, now=now)
    if after is not None:
        what = "organisation-manager" if manager else "organisation"
        granted = events.AccessGranted(subject=subject, what=what, value=str(after))
        journal.record(granted, actor=actor, now=now)
    return user
