"""What people are called, whether they may sign in, and where they belong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts import actions
from apps.accounts.errors import DomainRefusedError, LastAdministratorError
from apps.accounts.models import OrganisationDomain, TeamMember, User
from apps.accounts.permissions import Role
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from tests.cast import Cast, make_cast
from tests.support import NOON, transactional
from tests.tickets.test_concurrency import at_once


def access(user: User) -> list[tuple[str, str, str]]:
    """What was granted and denied to a person, oldest first."""
    rows = Event.objects.filter(subject=f"person:{user.pk}", name__startswith="access.")
    return [(row.name, row.data["what"], row.data["value"]) for row in rows.order_by("id")]


@pytest.mark.django_db
class TestEditing:
    def test_is_for_oneself_and_for_administrators(self, cast: Cast) -> None:
        said = {"name": "  Rachel   Q ", "locale": "en", "time_zone": "Europe/Rome"}

        for actor in (cast.actor(cast.rachel), cast.actor(cast.ada)):
            edited = actions.edit_person(user=cast.rachel, actor=actor, now=NOON, **said)
            assert (edited.name, edited.time_zone) == ("Rachel Q", "Europe/Rome")
        for user in (cast.ross, cast.lena):
            with pytest.raises(ForbiddenError):
                actions.edit_person(
                    user=cast.rachel, actor=cast.actor(user), now=NOON, **said | {"name": "X"}
                )

    def test_records_what_changed_and_nothing_if_nothing_did(self, cast: Cast) -> None:
        for _ in range(2):
            actions.edit_person(
                user=cast.rachel,
                name="Rachel",
                locale="en",
                time_zone="Asia/Tokyo",
                actor=cast.actor(cast.rachel),
                now=NOON,
            )

        fact = Event.objects.get(name="person.changed")
        assert fact.data["changed"] == ["time_zone"]
        assert "Tokyo" not in str(fact.data)

    def test_a_zone_that_no_longer_exists_breaks_no_page(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.rachel.pk).update(time_zone="Mars/Base")
        client = Client()
        client.force_login(cast.rachel)

        assert client.get("/requests/").status_code == 200


@pytest.mark.django_db
class TestSigningIn:
    def test_ends_with_the_permission_to(self, cast: Cast) -> None:
        client, ada = Client(), cast.actor(cast.ada)
        client.force_login(cast.rachel)

        actions.set_active(user=cast.rachel, active=False, actor=ada, now=NOON)
        actions.set_active(user=cast.rachel, active=False, actor=ada, now=NOON)
        shut = client.get("/requests/").status_code
        actions.set_active(user=cast.rachel, active=True, actor=ada, now=NOON)

        assert shut == 302
        assert not cast.actor(cast.rachel).can("work_tickets")
        assert access(cast.rachel) == [
            ("access.denied", "sign-in", ""),
            ("access.granted", "sign-in", ""),
        ]

    def test_is_for_administrators_to_say(self, cast: Cast) -> None:
        for user in (cast.lena, cast.rachel):
            with pytest.raises(ForbiddenError):
                actions.set_active(user=cast.ross, active=False, actor=cast.actor(user), now=NOON)

    def test_an_administrator_who_may_not_sign_in_does_not_count(self, cast: Cast) -> None:
        ada = cast.actor(cast.ada)
        actions.set_role(user=cast.bob, role=Role.ADMINISTRATOR, actor=ada, now=NOON)
        actions.set_active(user=cast.bob, active=False, actor=ada, now=NOON)

        with pytest.raises(LastAdministratorError):
            actions.set_role(user=cast.ada, role=Role.AGENT, actor=ada, now=NOON)


@transactional
def test_two_administrators_who_demote_each_other_leave_one() -> None:
    cast = make_cast()
    actions.set_role(user=cast.lena, role=Role.ADMINISTRATOR, actor=SYSTEM, now=NOON)
    ada, lena = cast.actor(cast.ada), cast.actor(cast.lena)

    results = at_once(
        lambda: actions.set_role(user=cast.lena, role=Role.AGENT, actor=ada, now=NOON),
        lambda: actions.set_role(user=cast.ada, role=Role.AGENT, actor=lena, now=NOON),
    )

    assert sorted(isinstance(result, LastAdministratorError) for result in results) == [False, True]
    assert User.objects.filter(groups__name=Role.ADMINISTRATOR).count() == 1


@pytest.mark.django_db
class TestPlacing:
    def test_tells_what_was_given_and_taken(self, cast: Cast) -> None:
        ada = cast.actor(cast.ada)

        for organisation, manager in ((cast.other, True), (cast.other, False), (None, False)):
            for _ in range(2):
                actions.place(
                    user=cast.rachel,
                    organisation=organisation,
                    manager=manager,
                    actor=ada,
                    now=NOON,
                )

        acme, other = str(cast.acme.pk), str(cast.other.pk)
        assert access(cast.rachel) == [
            ("access.denied", "organisation", acme),
            ("access.granted", "organisation-manager", other),
            ("access.granted", "organisation", other),
            ("access.denied", "organisation", other),
        ]

    def test_is_for_administrators_alone(self, cast: Cast) -> None:
        for user in (cast.monica, cast.lena):
            with pytest.raises(ForbiddenError):
                actions.place(
                    user=cast.paula,
                    organisation=cast.acme,
                    manager=False,
                    actor=cast.actor(user),
                    now=NOON,
                )


@pytest.mark.django_db
class TestDomains:
    def _acme_owns(self, cast: Cast, *domains: str) -> None:
        actions.save_organisation(
            organisation=cast.acme,
            name="Acme",
            shares_tickets=False,
            notes="",
            domains=domains,
            actor=cast.actor(cast.ada),
            now=NOON,
        )

    @pytest.mark.parametrize(
        "domain", ["mail.example.com", "com", "example.com.evil", "xample.com"]
    )
    def test_are_whole_or_nothing(self, cast: Cast, domain: str) -> None:
        OrganisationDomain.objects.create(organisation=cast.acme, domain=domain)

        joined = actions.join_by_domain(user=cast.paula, actor=SYSTEM, now=NOON)

        assert joined.organisation is None

    def test_join_once_and_say_so_once(self, cast: Cast) -> None:
        self._acme_owns(cast, "example.com")

        for later in range(2):
            actions.join_by_domain(user=cast.paula, actor=SYSTEM, now=NOON + timedelta(hours=later))

        assert access(cast.paula) == [("access.granted", "organisation", str(cast.acme.pk))]

    def test_one_that_is_refused_changes_none_of_the_others(self, cast: Cast) -> None:
        self._acme_owns(cast, "acme.example")

        with pytest.raises(DomainRefusedError):
            self._acme_owns(cast, "acme.test", "gmail.com")

        assert [row.domain for row in OrganisationDomain.objects.all()] == ["acme.example"]

    def test_are_for_administrators_alone(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.save_organisation(
                organisation=cast.acme,
                name="Acme",
                shares_tickets=True,
                notes="",
                domains=["example.com"],
                actor=cast.actor(cast.monica),
                now=NOON,
            )


@pytest.mark.django_db
class TestTeams:
    def test_tell_who_came_and_who_left(self, cast: Cast) -> None:
        for _ in range(2):
            actions.save_team(
                team=cast.cards,
                name=" Cards ",
                private=False,
                members=[cast.alice],
                leads=[cast.bob, cast.alice],
                actor=cast.actor(cast.ada),
                now=NOON,
            )

        cards = str(cast.cards.pk)
        assert access(cast.bob) == [("access.granted", "team", cards)]
        assert access(cast.lena) == [("access.denied", "team", cards)]
        assert access(cast.alice) == []
        assert TeamMember.objects.filter(team=cast.cards, is_lead=True).count() == 2

    def test_are_for_administrators_alone(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            actions.save_team(
                team=cast.fraud,
                name="Fraud",
                private=False,
                members=[cast.lena],
                leads=[],
                actor=cast.actor(cast.lena),
                now=NOON,
            )
