"""All that is kept of a person is handed out, and all of it is let go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client

from apps.accounts import actions
from apps.accounts.errors import LastAdministratorError, TokenRefusedError
from apps.accounts.models import User
from apps.accounts.permissions import Role, Scope
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.notifications import actions as mail
from apps.notifications.kinds import Kind
from apps.notifications.models import OutgoingMail
from apps.tickets import actions as tickets
from tests.cast import PASSWORD, Cast
from tests.notifications.post import hear
from tests.support import NOON
from tests.tickets.desk import LATER, raised

pytestmark = pytest.mark.django_db

ADDRESS = "rachel@example.com"
# Where a model says who somebody is: by a key, or by an address.
EXPORTED = {
    "account.EmailAddress.email": "addresses",
    "account.EmailAddress.user": "addresses",
    "accounts.AgentState.user": "availability",
    "accounts.ApiToken.owner": "API tokens",
    "accounts.TeamMember.user": "profile",
    "accounts.User.email": "profile",
    "accounts.User_groups.user": "profile",
    "desk.DeskPreference.user": "desk",
    "desk.Draft.author": "desk, writing",
    "desk.Mention.user": "desk, writing",
    "desk.SavedReply.owner": "desk, writing",
    "desk.SavedView.owner": "desk",
    "knowledge.Article.owner": "knowledge",
    "knowledge.ArticleImage.author": "knowledge",
    "knowledge.Feedback.user": "knowledge",
    "knowledge.Revision.author": "knowledge",
    "mail.IncomingMail.envelope_from": "mail",
    "mfa.Authenticator.user": "second factors",
    "notifications.Notification.recipient": "notifications",
    "notifications.OutgoingMail.to": "notifications",
    "notifications.Preference.user": "notifications",
    "notifications.Recipient.address": "notifications",
    "portal.Deflection.reader": "portal",
    "socialaccount.SocialAccount.user": "linked accounts",
    "tickets.Message.author": "tickets",
    "tickets.Participant.user": "tickets",
    "tickets.Ticket.requester": "tickets",
    "tickets.Upload.owner": "tickets",
    "usersessions.UserSession.user": "devices",
}
NOT_EXPORTED = {
    "accounts.User_user_permissions.user": "nobody is given any: roles hold them",
    "admin.LogEntry.user": "which forms staff saved: the desk's record of their work",
    "knowledge.ArticleLink.added_by": "who said what an article is about: about the article",
    "notifications.Notification.address": "of somebody without an account",
    "tickets.Participant.added_by": "whom staff or a colleague let follow: about that person",
    "tickets.Participant.address": "of somebody without an account",
    "tickets.Ticket.assignee": "who works on it: about the customer's ticket",
}


def who_fields() -> set[str]:
    """Every column that points at a person or holds an address."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if (isinstance(field, models.ForeignKey) and field.related_model is User)
        or isinstance(field, models.EmailField)
        or field.name == "to"
    }


def everywhere(word: str) -> set[str]:
    """Columns in which a word stands, whatever its type and case; sessions are opened."""
    found = set()
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.local_fields:
                table, column = model._meta.db_table, field.column
                cursor.execute(
                    f'SELECT COUNT(*) FROM "{table}" WHERE LOWER(CAST("{column}" AS TEXT)) LIKE %s',
                    [f"%{word}%"],
                )
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column}")
    if any(word in str(session.get_decoded()).lower() for session in Session.objects.all()):
        found.add("django_session.session_data")
    return found


@pytest.fixture
def signed_in(cast: Cast) -> Client:
    """Rachel's browser; she has left a trace in every table that takes one."""
    ada, rachel = cast.actor(cast.ada), cast.actor(cast.rachel)
    EmailAddress.objects.create(user=cast.rachel, email=ADDRESS, verified=True, primary=True)
    client = Client()
    client.post("/account/login/", {"login": ADDRESS, "password": PASSWORD})
    SocialAccount.objects.create(
        user=cast.rachel,
        provider="oidc",
        uid="https://x.example|rachel",
        extra_data={"email": ADDRESS},
    )
    totp.TOTP.activate(cast.rachel, totp.generate_totp_secret())
    mail.prefer(user=cast.rachel, choices={Kind.SOLVED: False}, actor=rachel)
    mine = raised(cast, subject="Mine", text="My words")
    tickets.take(ticket=mine, actor=cast.actor(cast.lena), now=LATER)
    tickets.watch(ticket=raised(cast, cast.oscar), user=cast.rachel, actor=ada, now=NOON)
    tickets.watch(ticket=raised(cast, cast.oscar), address=ADDRESS, actor=ada, now=NOON)
    tickets.reply(ticket=mine, text="More", actor=rachel, now=LATER)
    hear()
    return client


def a_token(cast: Cast, owner: User) -> str:
    return actions.issue_token(
        owner=owner,
        name="Rachel's script",
        scopes=[Scope.REQUESTER],
        expires_at=NOON + timedelta(days=30),
        actor=cast.actor(cast.ada),
        now=NOON,
    )[1]


def test_every_place_that_knows_a_person_is_exported_or_says_why_not() -> None:
    assert who_fields() == set(EXPORTED) | set(NOT_EXPORTED)


def test_the_export_is_whole(cast: Cast, signed_in: Client) -> None:
    a_token(cast, cast.rachel)

    told: dict[str, Any] = actions.export_person(
        user=cast.rachel, actor=cast.actor(cast.rachel), now=NOON
    )

    assert set(EXPORTED.values()) | {"exported_at"} == set(told)
    assert told["addresses"] == [{"email": ADDRESS, "verified": True, "primary": True}]
    assert told["API tokens"][0]["name"] == "Rachel's script"
    assert [factor["kind"] for factor in told["second factors"]] == ["TOTP Authenticator"]
    assert told["profile"]["roles"] == ["requester"]
    assert told["notifications"]["preferences"] == [{"kind": "solved", "mail": False}]
    assert told["notifications"]["mail"]
    assert [ticket["subject"] for ticket in told["tickets"]["raised"]] == ["Mine"]
    assert {message["text"] for message in told["tickets"]["written"]} == {"My words", "More"}
    assert len(told["tickets"]["followed"]) == 1


def test_an_export_tells_nothing_of_others(cast: Cast, signed_in: Client) -> None:
    told = actions.export_person(user=cast.rachel, actor=cast.actor(cast.rachel), now=NOON)

    assert "oscar" not in str(told).lower()
    assert "lena" not in str(told).lower()


def test_nothing_is_left_but_what_people_wrote(cast: Cast, signed_in: Client) -> None:
    key, admin = a_token(cast, cast.rachel), Client()
    admin.force_login(cast.ada)
    form = {"name": "Rachel Q", "role": "requester", "is_active": "on", "locale": "en"}
    admin.post(f"/admin/accounts/user/{cast.rachel.pk}/change/", form | {"time_zone": "UTC"})
    before = everywhere("rachel")

    actions.anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=NOON)
    hear()  # the index is told by the fact

    assert {"django_admin_log.object_repr", "django_session.session_data"} <= before
    assert {"socialaccount_socialaccount.uid", "socialaccount_socialaccount.extra_data"} <= before
    assert "notifications_outgoingmail.text" in before
    assert everywhere("rachel") == set()
    assert signed_in.get("/requests/").status_code == 302
    assert not Authenticator.objects.exists()
    assert admin.get("/admin/tickets/ticket/").status_code == 200
    with pytest.raises(TokenRefusedError):
        actions.authenticate_token(key=key, now=NOON)


def test_mail_to_others_says_no_more_who_wrote(cast: Cast, signed_in: Client) -> None:
    kept = OutgoingMail.objects.filter(to="lena@example.com")
    before = kept.get(text__contains="Rachel wrote:").pk

    actions.anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=NOON)

    after = kept.get(pk=before)
    assert "… wrote:" in after.text
    assert "<strong>…</strong>" in after.html
    assert "More" in after.text


def test_the_second_time_changes_nothing(cast: Cast) -> None:
    ada = cast.actor(cast.ada)
    gone = actions.anonymise_person(user=cast.rachel, actor=ada, now=NOON)
    facts = Event.objects.count()

    again = actions.anonymise_person(user=gone, actor=ada, now=LATER)

    assert (again.anonymised_at, again.email) == (NOON, gone.email)
    assert Event.objects.count() == facts


def test_the_last_administrator_stays(cast: Cast) -> None:
    with pytest.raises(LastAdministratorError):
        actions.anonymise_person(user=cast.ada, actor=SYSTEM, now=NOON)

    actions.set_role(user=cast.lena, role=Role.ADMINISTRATOR, actor=SYSTEM, now=NOON)
    gone = actions.anonymise_person(user=cast.ada, actor=cast.actor(cast.lena), now=NOON)
    assert (gone.is_staff, gone.groups.count(), gone.teams.count()) == (False, 0, 0)


def test_their_address_is_free_for_whoever_comes_next(cast: Cast) -> None:
    ada = cast.actor(cast.ada)
    gone = actions.anonymise_person(user=cast.rachel, actor=ada, now=NOON)

    new = actions.invite(email=ADDRESS, name="R", role=Role.REQUESTER, actor=ada, now=LATER)

    assert new.pk != gone.pk
    assert not cast.actor(new).shared_organisation_id
