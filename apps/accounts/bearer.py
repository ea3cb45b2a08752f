"""Whom a program acts for that sends `Authorization: Bearer …`: our tokens, and the provider's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from apps.accounts import actions
from apps.accounts.access import actor_for
from apps.accounts.actions.tokens import PREFIX
from apps.accounts.errors import TokenRefusedError
from apps.accounts.identity import provider
from apps.accounts.identity.claims import is_strong, role_in
from apps.accounts.identity.tokens import access_claims
from apps.accounts.models import User
from apps.accounts.permissions import GRANTS, Permission
from apps.kernel.actors import Actor


def bearer_of(authorization: str, *, now: datetime) -> Actor:
    """The actor behind a header's value.

    Raises TokenRefusedError, always the same, and ProviderUnreachableError where the provider's
    keys can't be asked for: then nobody knows whether the token is good.
    """
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRefusedError
    if token.startswith(PREFIX):
        return actions.authenticate_token(key=token, now=now)
    return _from_provider(token)


def _from_provider(token: str) -> Actor:
    """Whoever signed in here once: roles are read at sign-ins, and may only be less in a token."""
    configured = provider()
    if configured is None:
        raise TokenRefusedError
    claims = access_claims(configured, token)
    uid = configured.uid(str(claims["sub"]))
    linked = SocialAccount.objects.filter(provider=configured.id, uid=uid).values("user")
    user = User.objects.select_related("organisation").filter(pk__in=linked, is_active=True).first()
    if user is None:
        raise TokenRefusedError
    actor = replace(actor_for(user), kind="token")
    if settings.STAFF_MFA == "required" and not is_strong(configured, claims):
        # As on the pages: nobody works here who has shown one factor.
        return replace(actor, permissions=frozenset(), team_ids=frozenset())
    role = role_in(configured, claims)
    if role is None:
        return actor
    allowed = actor.permissions & GRANTS[role]
    teams = actor.team_ids if Permission.WORK_TICKETS in allowed else frozenset[int]()
    return replace(actor, permissions=allowed, team_ids=teams)
