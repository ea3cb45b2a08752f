from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction

from apps.accounts import events
from apps.accounts.access import is_self, require
from apps.accounts.actions.people import follow_domain, join_by_domain, set_role
from apps.accounts.errors import (
    AddressUnprovedError,
    LastAdministratorError,
    StaysOutError,
)
from apps.accounts.identity.claims import Told
from apps.accounts.models import User
from apps.accounts.permissions import Permission, Role
from apps.events import journal
from apps.kernel.actors import Actor

logger = logging.getLogger(__name__)

_WHAT = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """`is_last_administrator`: their groups say less, but nobody else could run the desk."""

    user: User
    account: SocialAccount
    is_last_administrator: bool


@transaction.atomic
def admit(*, provider: str, told: Told, locale: str, actor: Actor, now: datetime) -> Admitted:
    """Find or make the person that a provider vouches for, and give them the role it says.

    1. Whom the subject is linked to, is it: whatever address they have by now.
    2. Else whoever has the address, if the provider says that it was proved: they are linked.
    3. Else, likewise only for a proved address, somebody new.

    Raises AddressUnprovedError and StaysOutError.
    """
    require(actor, Permission.MANAGE_PEOPLE)
    account = SocialAccount.objects.filter(provider=provider, uid=told.uid).first()
    if account is None:
        account = _link(provider, told, locale, actor, now)
    user = User.objects.select_for_update(of=("self",)).get(pk=account.user_id)
    if not user.is_active:
        raise StaysOutError
    if told.is_verified and told.email and told.email != user.email:
        user = _follow(user, told.email, actor, now)
    account.extra_data = {"email": told.email}
    account.save(update_fields=["extra_data", "last_login"])
    kept = False
    if told.role is not None:
        try:
            user = set_role(user=user, role=told.role, actor=actor, now=now)
        except LastAdministratorError:
            kept = True
            logger.warning("the last administrator's groups say less", extra={"user": user.pk})
    account.user = user
    return Admitted(user=user, account=account, is_last_administrator=kept)


@transaction.atomic
def unlink(*, account: SocialAccount, actor: Actor, now: datetime) -> None:
    """A provider's account no longer belongs to a person."""
    user = User.objects.select_for_update().get(pk=account.user_id)
    if not is_self(actor, user):
        require(actor, Permission.MANAGE_PEOPLE)
    if not SocialAccount.objects.filter(pk=account.pk).delete()[0]:
        return
    subject = events.subject_of(user.pk)
    denied = events.AccessDenied(subject=subject, what=_WHAT, value=account.provider)
    journal.record(denied, actor=actor, now=now)


def _link(provider: str, told: Told, locale: str, actor: Actor, now: datetime) -> SocialAccount:
    """By address alone, so one person may come in several ways that the provider keeps apart."""
    if not told.is_verified or not told.email:
        raise AddressUnprovedError
    user = _known(told.email) or _newcomer(told, locale, actor, now)
    if not user.is_active:
        raise StaysOutError
    account, is_new = SocialAccount.objects.get_or_create(
        provider=provider, uid=told.uid, defaults={"user": user}
    )
    if is_new:
        _prove(user)
        join_by_domain(user=user, actor=actor, now=now)
        subject = events.subject_of(user.pk)
        granted = events.AccessGranted(subject=subject, what=_WHAT, value=provider)
        journal.record(granted, actor=actor, now=now)
    return account


def _known(email: str) -> User | None:
    return User.objects.select_for_update(of=("self",)).filter(email=email).first()


def _newcomer(told: Told, locale: str, actor: Actor, now: datetime) -> User:
    user = User(email=told.email, name=told.name, locale=locale)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:  # their other tab was faster
        return User.objects.select_for_update().get(email=told.email)
    return set_role(user=user, role=told.role or Role.REQUESTER, actor=actor, now=now)


def _prove(user: User) -> None:
    """The address is known to be theirs, and what was known before that is worth nothing.

    Whoever chose a password for an address that they never proved may not come in with it.
    """
    addresses = EmailAddress.objects.filter(user=user)
    if addresses.filter(email=user.email, verified=True).exists():
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    _only_address(user)


def _only_address(user: User) -> None:
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def _follow(user: User, email: str, actor: Actor, now: datetime) -> User:
    """The provider knows a newer address: it is theirs here too, unless it is somebody else's."""
    others = User.objects.exclude(pk=user.pk)
    taken = others.filter(email=email).exists()
    if taken or EmailAddress.objects.filter(email=email, verified=True).exclude(user=user).exists():
        logger.warning("a new address belongs to somebody else", extra={"user": user.pk})
        return user
    before, user.email = user.email, email
    user.save(update_fields=["email"])
    _only_address(user)
    changed = events.PersonChanged(subject=events.subject_of(user.pk), changed=("email",))
    journal.record(changed, actor=actor, now=now)
    return follow_domain(user=user, before=before, actor=actor, now=now)
