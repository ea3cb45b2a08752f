from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from apps.accounts import events, personal_data
from apps.accounts.access import is_self, require
from apps.accounts.actions.people import keep_an_administrator
from apps.accounts.errors import StaffStaysError
from apps.accounts.models import AgentState, ApiToken, TeamMember, User
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor

ANONYMOUS_NAME = "Anonymised person"


@transaction.atomic
def export_person(*, user: User, actor: Actor, now: datetime) -> dict[str, object]:
    """All that the desk keeps of a person, as JSON-ready values, for them or an administrator."""
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if not is_self(actor, user):
        require(actor, Permission.MANAGE_PEOPLE)
    told: dict[str, object] = {
        "exported_at": now.isoformat(),
        "profile": {
            "e-mail": user.email,
            "name": user.name,
            "language": user.locale,
            "time zone": user.time_zone,
            "organisation": user.organisation.name if user.organisation else None,
            "manages the organisation": user.is_organisation_manager,
            "teams": list(user.teams.values_list("name", flat=True)),
            "roles": list(user.groups.values_list("name", flat=True)),
            "since": user.date_joined.isoformat(),
            "last sign-in": user.last_login.isoformat() if user.last_login else None,
        },
        "addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "API tokens": [
            {"name": token.name, "begins with": token.prefix, "until": token.expires_at.isoformat()}
            for token in ApiToken.objects.filter(owner=user)
        ],
        "second factors": [
            {"kind": factor.get_type_display(), "since": factor.created_at.isoformat()}
            for factor in Authenticator.objects.filter(user=user)
        ],
        "linked accounts": _linked(user),
        "devices": [
            {
                "address": session.ip,
                "browser": session.user_agent,
                "since": session.created_at.isoformat(),
                "last seen": session.last_seen_at.isoformat(),
            }
            for session in UserSession.objects.filter(user=user)
        ],
        "availability": [
            {
                "state": state.availability,
                "until": state.until.isoformat() if state.until else None,
                "note": state.note,
            }
            for state in AgentState.objects.filter(user=user)
        ],
    }
    told |= {holder.name: holder.export(user) for holder in personal_data.holders()}
    fact = events.PrivacyExported(subject=events.subject_of(user.pk))
    journal.record(fact, actor=actor, now=now)
    return told


def _linked(user: User) -> list[dict[str, object]]:
    return [
        {
            "service": account.provider,
            "known there as": account.uid,
            "address": account.extra_data.get("email"),
            "since": account.date_joined.isoformat(),
            "last used": account.last_login.isoformat(),
        }
        for account in SocialAccount.objects.filter(user=user)
    ]


@transaction.atomic
def anonymise_person(*, user: User, actor: Actor, now: datetime) -> User:
    """Forget who a person was, for good: by their own wish, or an administrator's.

    They are signed out and can't come back. Staff can't do it to themselves.

    Their tickets and what they wrote stay, under no name; what people wrote into messages is not
    searched for names: redact those.
    """
    is_own_wish = actor.kind == "person" and actor.id == user.pk
    if not is_own_wish:
        require(actor, Permission.MANAGE_PEOPLE)
    user = User.objects.select_for_update().get(pk=user.pk)
    if is_own_wish and user.is_staff:
        raise StaffStaysError
    if user.anonymised_at is not None:
        return user
    keep_an_administrator(user)
    for holder in personal_data.holders():
        holder.forget(user)
    _forget_in_admin_log(user)
    _end_sessions(user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    ApiToken.objects.filter(owner=user).delete()
    TeamMember.objects.filter(user=user).delete()
    AgentState.objects.filter(user=user).delete()
    user.groups.clear()
    user.name, user.email = ANONYMOUS_NAME, f"{user.ref}@anonymised.invalid"
    user.organisation = user.last_login = None
    user.is_organisation_manager = user.is_staff = user.is_superuser = user.is_active = False
    user.locale, user.time_zone = "en", "UTC"
    user.anonymised_at = now
    user.set_unusable_password()
    user.save()
    fact = events.PrivacyAnonymised(subject=events.subject_of(user.pk))
    journal.record(fact, actor=actor, now=now)
    return user


def _forget_in_admin_log(user: User) -> None:
    """Django's admin notes what a row was called when it was changed."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).update(object_repr=ANONYMOUS_NAME)
    tokens = ApiToken.objects.filter(owner=user).values_list("pk", flat=True)
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(ApiToken),
        object_id__in=[str(pk) for pk in tokens],
    ).delete()


def _end_sessions(user: User) -> None:
    """Sign the person out everywhere; their sessions hold the address that they signed in with."""
    for session in UserSession.objects.filter(user=user):
        session.end()  # wherever the desk keeps sessions
