from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import events
from apps.accounts.access import actor_for, is_self, require
from apps.accounts.errors import TokenRefusedError, TokenTermsError
from apps.accounts.models import ApiToken, User
from apps.accounts.permissions import SCOPES, Permission, Scope
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.text import one_line

LONGEST = timedelta(days=366)
USED_AT_MOST_EVERY = timedelta(minutes=1)
PREFIX = "tendril_"


@transaction.atomic
def issue_token(
    *,
    owner: User,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime,
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """The row and the key, which nobody can read again: only its digest is kept."""
    # The lock gives the facts about its owner their order.
    owner = User.objects.select_for_update().get(pk=owner.pk)
    if not is_self(actor, owner):
        require(actor, Permission.MANAGE_PEOPLE)
    if not scopes:
        raise TokenTermsError(_("Choose what the token may do."))
    if not now < expires_at <= now + LONGEST:
        raise TokenTermsError(_("A token ends within a year from now."))
    if not owner.is_active:
        raise TokenTermsError(_("Its owner can't sign in any more."))
    key = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner,
        name=one_line(name) or "token",
        prefix=key[:12],
        digest=_digest(key),
        scopes=sorted({Scope(scope).value for scope in scopes}),
        created_at=now,
        expires_at=expires_at,
    )
    fact = events.AccessGranted(
        subject=events.subject_of(owner.pk), what="token", value=str(token.pk)
    )
    journal.record(fact, actor=actor, now=now)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor, now: datetime) -> ApiToken:
    owner = User.objects.select_for_update().get(pk=token.owner_id)
    if not is_self(actor, owner):
        require(actor, Permission.MANAGE_PEOPLE)
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        return token
    fact = events.AccessDenied(
        subject=events.subject_of(token.owner_id), what="token", value=str(token.pk)
    )
    journal.record(fact, actor=actor, now=now)
    token.revoked_at = now
    return token


def authenticate_token(*, key: str, now: datetime) -> Actor:
    """The owner, within the token's scopes. Raises TokenRefusedError, always the same."""
    token = (
        ApiToken.objects.select_related("owner__organisation")
        .filter(digest=_digest(key), revoked_at=None, expires_at__gt=now, owner__is_active=True)
        .first()
    )
    if token is None:
        raise TokenRefusedError
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_AT_MOST_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    within = {permission for scope in token.scopes for permission in SCOPES[Scope(scope)]}
    owner = actor_for(token.owner)
    return replace(owner, kind="token", permissions=owner.permissions & within)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
