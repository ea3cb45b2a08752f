from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection, models
from django.test import Client

from apps.accounts import actions
from apps.accounts.errors import (
    AddressTakenError,
    DomainRefusedError,
    LastAdministratorError,
    PlaceRefusedError,
    TeamRefusedError,
    TokenRefusedError,
    TokenTermsError,
)
from apps.accounts.models import ApiToken, OrganisationDomain, User
from apps.accounts.permissions import GRANTS, Role, Scope
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.notifications import actions as mail
from apps.notifications.models import OutgoingMail
from apps.tickets import actions as tickets
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.support import NOON
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db


class TestRoles:
    @pytest.mark.parametrize("role", list(Role))
    def test_hold_what_the_table_grants(self, cast: Cast, role: Role) -> None:
        actions.set_role(user=cast.paula, role=role, actor=cast.actor(cast.ada), now=NOON)

        assert cast.actor(cast.paula).permissions == GRANTS[role]
        assert User.objects.get(pk=cast.paula.pk).is_staff == (role != Role.REQUESTER)

    def test_are_given_by_administrators_alone(self, cast: Cast) -> None:
        for user in (cast.lena, cast.alice, cast.rachel):
            with pytest.raises(ForbiddenError):
                actions.set_role(
                    user=user, role=Role.ADMINISTRATOR, actor=cast.actor(user), now=NOON
                )

    def test_somebody_stays_administrator(self, cast: Cast) -> None:
        ada = cast.actor(cast.ada)

        with pytest.raises(LastAdministratorError):
            actions.set_role(user=cast.ada, role=Role.AGENT, actor=ada, now=NOON)
        with pytest.raises(LastAdministratorError):
            actions.set_active(user=cast.ada, active=False, actor=ada, now=NOON)

    def test_the_first_administrator_is_one_by_role(self, db: None) -> None:
        first = User.objects.create_superuser("first@example.com", "a long enough password")
        client = Client()
        client.force_login(first)
        page = client.get(f"/admin/accounts/user/{first.pk}/change/")
        sent = {
            name: field.initial
            for name, field in page.context["adminform"].form.fields.items()
            if field.initial
        }

        client.post(f"/admin/accounts/user/{first.pk}/change/", {**sent, "name": "First"})

        fresh = User.objects.get(pk=first.pk)
        assert (fresh.name, fresh.is_staff, fresh.is_superuser) == ("First", True, True)
        with pytest.raises(LastAdministratorError):
            actions.set_active(user=fresh, active=False, actor=SYSTEM, now=NOON)


class TestInviting:
    def test_makes_somebody_who_has_no_password_yet(self, cast: Cast) -> None:
        user = actions.invite(
            email=" New@Example.com ",
            name="New",
            role=Role.AGENT,
            actor=cast.actor(cast.ada),
            now=NOON,
        )

        assert (user.email, user.is_staff, user.has_usable_password()) == (
            "new@example.com",
            True,
            False,
        )

    def test_a_taken_address_is_refused(self, cast: Cast) -> None:
        with pytest.raises(AddressTakenError):
            actions.invite(
                email="RACHEL@example.com",
                name="R",
                role=Role.AGENT,
                actor=cast.actor(cast.ada),
                now=NOON,
            )

    def test_by_the_page_sends_a_way_in(self, cast: Cast) -> None:
        client = Client()
        client.force_login(cast.ada)

        answer = client.post(
            "/admin/accounts/user/add/",
            {"email": "new@example.com", "name": "New", "role": "agent", "is_active": "on",
             "locale": "en", "time_zone": "UTC"},
        )  # fmt: skip

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        sent = OutgoingMail.objects.get(to="new@example.com")
        assert "/account/password/reset/key/" in sent.text
        assert Client().get(_link(sent.text), follow=True).status_code == 200


def _link(text: str) -> str:
    return next(word for word in text.split() if "/password/reset/key/" in word)


class TestOrganisations:
    def _save(self, cast: Cast, *domains: str) -> None:
        actions.save_organisation(
            organisation=cast.acme,
            name="Acme",
            shares_tickets=True,
            notes="",
            domains=domains,
            actor=cast.actor(cast.ada),
            now=NOON,
        )

    def test_own_their_domains(self, cast: Cast) -> None:
        self._save(cast, "Acme.example", "@acme.test")
        self._save(cast, "acme.example")

        assert list(OrganisationDomain.objects.values_list("domain", flat=True)) == ["acme.example"]

    @pytest.mark.parametrize("domain", ["gmail.com", "nodots", "a b.com", "-x.com", "x..com"])
    def test_not_everybodys_nor_nonsense(self, cast: Cast, domain: str) -> None:
        with pytest.raises(DomainRefusedError):
            self._save(cast, domain)

    def test_not_anothers(self, cast: Cast) -> None:
        OrganisationDomain.objects.create(organisation=cast.other, domain="other.example")

        with pytest.raises(DomainRefusedError, match="belongs to Other Ltd"):
            self._save(cast, "other.example")

    def test_a_proved_address_joins_and_nobody_is_moved(self, cast: Cast) -> None:
        OrganisationDomain.objects.create(organisation=cast.other, domain="example.com")

        joined = actions.join_by_domain(user=cast.paula, actor=SYSTEM, now=NOON)
        stayed = actions.join_by_domain(user=cast.rachel, actor=SYSTEM, now=NOON)

        assert (joined.organisation, stayed.organisation) == (cast.other, cast.acme)

    def test_a_manager_has_one(self, cast: Cast) -> None:
        ada = cast.actor(cast.ada)

        with pytest.raises(PlaceRefusedError):
            actions.place(user=cast.paula, organisation=None, manager=True, actor=ada, now=NOON)
        placed = actions.place(
            user=cast.paula, organisation=cast.acme, manager=True, actor=ada, now=NOON
        )

        assert cast.actor(placed).shared_organisation_id == cast.acme.pk


class TestTeams:
    def test_have_members_who_work_on_tickets(self, cast: Cast) -> None:
        ada = cast.actor(cast.ada)
        actions.save_team(
            team=cast.cards, name="Cards", private=True, members=[cast.bob], leads=[cast.lena],
            actor=ada, now=NOON,
        )  # fmt: skip

        assert cast.cards.pk in cast.actor(cast.bob).team_ids
        assert cast.cards.pk in cast.actor(cast.alice).hidden_team_ids
        assert Event.objects.filter(
            name="access.denied", subject=f"person:{cast.alice.pk}"
        ).exists()
        with pytest.raises(TeamRefusedError):
            actions.save_team(
                team=None, name="X", private=False, members=[cast.rachel], leads=[],
                actor=ada, now=NOON,
            )  # fmt: skip


class TestTokens:
    def _issue(self, cast: Cast, *scopes: Scope, owner: User | None = None) -> tuple[ApiToken, str]:
        return actions.issue_token(
            owner=owner or cast.lena,
            name="script",
            scopes=scopes or [Scope.WORK],
            expires_at=NOON + timedelta(days=30),
            actor=cast.actor(cast.ada),
            now=NOON,
        )

    def test_the_key_is_kept_nowhere(self, cast: Cast) -> None:
        token, key = self._issue(cast)

        assert key not in str(ApiToken.objects.values().get())
        assert key not in str(list(Event.objects.values("data")))
        assert key.startswith(token.prefix)

    def test_makes_no_wider_one(self, cast: Cast) -> None:
        _token, little = self._issue(cast, Scope.REQUESTER, owner=cast.ada)
        acting = actions.authenticate_token(key=little, now=NOON)

        for attempt in (
            lambda: actions.issue_token(
                owner=cast.ada, name="more", scopes=[Scope.MANAGE], actor=acting, now=NOON,
                expires_at=NOON + timedelta(days=1),
            ),
            lambda: actions.export_person(user=cast.ada, actor=acting, now=NOON),
        ):  # fmt: skip
            with pytest.raises(ForbiddenError):
                attempt()

    def test_acts_for_its_owner_within_its_scopes(self, cast: Cast) -> None:
        _token, work = self._issue(cast)
        _token, little = self._issue(cast, Scope.REQUESTER)
        _token, manage = self._issue(cast, Scope.MANAGE)

        assert actions.authenticate_token(key=work, now=NOON).permissions == GRANTS[Role.TEAM_LEAD]
        assert actions.authenticate_token(key=little, now=NOON).permissions == frozenset()
        actor = actions.authenticate_token(key=manage, now=NOON)
        assert (actor.kind, actor.id, actor.permissions) == ("token", cast.lena.pk, frozenset())

    def test_an_unknown_an_expired_a_revoked_one_and_that_of_one_who_left(self, cast: Cast) -> None:
        _token, expired = self._issue(cast)
        revoked, revoked_key = self._issue(cast)
        actions.revoke_token(token=revoked, actor=cast.actor(cast.lena), now=NOON)
        _token, gone = self._issue(cast, owner=cast.bob)
        User.objects.filter(pk=cast.bob.pk).update(is_active=False)

        told = set()
        for key, now in (
            ("tendril_nonsense", NOON),
            (expired, NOON + timedelta(days=30)),
            (revoked_key, NOON),
            (gone, NOON),
        ):
            with pytest.raises(TokenRefusedError) as refused:
                actions.authenticate_token(key=key, now=now)
            told.add(str(refused.value))
        assert len(told) == 1

    def test_its_use_is_noted_at_most_once_a_minute(self, cast: Cast) -> None:
        _token, key = self._issue(cast)
        for seconds in (0, 59, 61):
            actions.authenticate_token(key=key, now=NOON + timedelta(seconds=seconds))

        assert ApiToken.objects.get().last_used_at == NOON + timedelta(seconds=61)

    @pytest.mark.parametrize(
        "terms", [{"scopes": []}, {"expires_at": NOON}, {"expires_at": NOON + timedelta(days=400)}]
    )
    def test_terms_are_bounded(self, cast: Cast, terms: dict[str, Any]) -> None:
        said: dict[str, Any] = {"scopes": [Scope.WORK], "expires_at": NOON + timedelta(days=1)}

        with pytest.raises(TokenTermsError):
            actions.issue_token(
                owner=cast.lena, name="x", actor=cast.actor(cast.ada), now=NOON, **(said | terms)
            )

    def test_for_another_only_by_an_administrator(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.issue_token(
                owner=cast.ada,
                name="x",
                scopes=[Scope.MANAGE],
                expires_at=NOON + timedelta(days=1),
                actor=cast.actor(cast.lena),
                now=NOON,
            )

    @pytest.mark.parametrize("guess", ["", "\0", "tendril_", "' OR 1=1 --", "é" * 99])
    def test_no_guess_is_a_key(self, guess: str) -> None:
        with pytest.raises(TokenRefusedError):
            actions.authenticate_token(key=guess, now=NOON)


class TestPrivacy:
    def test_the_export_has_all_that_a_person_left(self, cast: Cast) -> None:
        ticket = raised(cast, subject="Mine", text="My words")

        told = actions.export_person(user=cast.rachel, actor=cast.actor(cast.rachel), now=NOON)

        assert told["profile"]["e-mail"] == "rachel@example.com"  # type: ignore[index]
        assert told["tickets"]["raised"][0]["number"] == ticket.pk  # type: ignore[index]
        assert told["tickets"]["written"][0]["text"] == "My words"  # type: ignore[index]
        assert Event.objects.filter(name="privacy.exported").count() == 1
        with pytest.raises(ForbiddenError):
            actions.export_person(user=cast.rachel, actor=cast.actor(cast.lena), now=NOON)

    def test_nothing_of_the_name_is_left(self, cast: Cast) -> None:
        ticket = raised(cast, text="Hello from the customer")
        EmailAddress.objects.create(user=cast.rachel, email=cast.rachel.email, verified=True)
        tickets.watch(
            ticket=raised(cast, cast.oscar),
            user=cast.rachel,
            actor=cast.actor(cast.alice),
            now=NOON,
        )
        mail.queue_mail(
            key="k", to=cast.rachel.email, subject="S", text="Dear Rachel", html="", now=NOON
        )
        client = Client()
        client.force_login(cast.rachel)

        gone = actions.anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=NOON)

        assert _everywhere("rachel") == []
        assert Ticket.objects.get(pk=ticket.pk).requester == gone
        assert str(gone) == "Anonymised person"
        assert client.get("/requests/").status_code == 302
        again = actions.anonymise_person(user=gone, actor=cast.actor(cast.ada), now=NOON)
        assert again.anonymised_at == NOON
        with pytest.raises(PlaceRefusedError):
            actions.set_active(user=gone, active=True, actor=cast.actor(cast.ada), now=NOON)

    def test_not_oneself_and_only_by_administrators(self, cast: Cast) -> None:
        with pytest.raises(PlaceRefusedError):
            actions.anonymise_person(user=cast.ada, actor=cast.actor(cast.ada), now=NOON)
        with pytest.raises(ForbiddenError):
            actions.anonymise_person(user=cast.rachel, actor=cast.actor(cast.lena), now=NOON)

    def test_by_the_page_after_a_question(self, cast: Cast) -> None:
        client, path = Client(), f"/admin/accounts/user/{cast.rachel.pk}"
        client.force_login(cast.ada)

        asked = client.get(f"{path}/anonymise/")
        unsure = client.post(f"{path}/anonymise/", {})
        exported = client.post(f"{path}/export/", {"sure": "on"})
        client.post(f"{path}/anonymise/", {"sure": "on"})

        assert asked.status_code == unsure.status_code == 200
        assert exported.json()["profile"]["name"] == "Rachel"
        assert User.objects.get(pk=cast.rachel.pk).anonymised_at is not None


def _everywhere(word: str) -> list[str]:
    """Tables and columns of text in which a word stands, whatever its case."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.local_fields:
                if isinstance(field, (models.CharField, models.TextField, models.JSONField)):
                    table, column = model._meta.db_table, field.column
                    cursor.execute(
                        f'SELECT COUNT(*) FROM "{table}"'
                        f' WHERE LOWER(CAST("{column}" AS TEXT)) LIKE %s',
                        [f"%{word}%"],
                    )
                    if cursor.fetchone()[0]:
                        found.append(f"{table}.{column}")
    return found
