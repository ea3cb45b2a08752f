"""People, organisations, teams and tokens through their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from apps.accounts import actions
from apps.accounts.models import ApiToken, Organisation, OrganisationDomain, Team, User
from apps.accounts.permissions import Role
from apps.events.models import Event
from apps.kernel.actors import SYSTEM
from apps.notifications.models import OutgoingMail
from tests.cast import Cast
from tests.support import NOON

pytestmark = pytest.mark.django_db

PERSON = {
    "email": "new@example.com",
    "name": "New",
    "role": "agent",
    "is_active": "on",
    "locale": "en",
    "time_zone": "Europe/Berlin",
}
ORGANISATION = {"name": "Fresh", "notes": "", "domains": "fresh.example\nfresh.test"}
TEAM = {"name": "Refunds", "assignment_policy": "round_robin", "capacity": "12"}
TOKEN = {"name": "script", "owner_email": "Lena@example.com", "scopes": ["work"], "days": "30"}
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("user", PERSON),
    ("organisation", ORGANISATION),
    ("team", TEAM),
    ("apitoken", TOKEN),
]


@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def add(client: Client, model: str, data: dict[str, Any]) -> Any:
    return client.post(f"/admin/accounts/{model}/add/", data)


def change(client: Client, row: Any, data: dict[str, Any]) -> Any:
    path = f"/admin/accounts/{row._meta.model_name}/{row.pk}/change/"
    return client.post(path, data, headers={"referer": f"http://testserver{path}"})


def told(answer: Any) -> list[str]:
    """What the next page says."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize(("model", "form"), FORMS)
@pytest.mark.parametrize("who", ["lena", "alice", "rachel", None])
def test_are_for_administrators_alone(
    cast: Cast, model: str, form: dict[str, Any], who: str | None
) -> None:
    client = Client()
    if who:
        client.force_login(getattr(cast, who))
    before = User.objects.count(), Organisation.objects.count(), Team.objects.count()

    answers = [
        client.get(f"/admin/accounts/{model}/"),
        client.get(f"/admin/accounts/{model}/add/"),
        add(client, model, form),
    ]

    staff = who in {"lena", "alice"}
    assert {answer.status_code for answer in answers} == {403 if staff else 302}
    assert before == (User.objects.count(), Organisation.objects.count(), Team.objects.count())
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("model", "form"), FORMS)
def test_what_was_added_is_listed_and_opens(
    cast: Cast, ada: Client, model: str, form: dict[str, Any]
) -> None:
    answer = add(ada, model, form)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    listed = ada.get(answer["Location"])
    assert form["name"].encode() in listed.content
    newest = {"user": User, "organisation": Organisation, "team": Team, "apitoken": ApiToken}[model]
    row = newest._default_manager.order_by("-pk").first()
    assert row is not None
    assert ada.get(f"/admin/accounts/{model}/{row.pk}/change/").status_code == 200


class TestPeople:
    def test_a_changed_person_is_all_that_the_form_says(self, cast: Cast, ada: Client) -> None:
        answer = change(
            ada,
            cast.paula,
            PERSON | {"organisation": cast.acme.pk, "is_organisation_manager": "on"},
        )

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        paula = User.objects.get(pk=cast.paula.pk)
        assert (paula.email, paula.name, paula.is_staff) == ("paula@example.com", "New", True)
        assert (paula.organisation, paula.is_organisation_manager) == (cast.acme, True)
        assert paula.time_zone == "Europe/Berlin"

    def test_roles_are_listed_and_filtered_in_the_readers_words(
        self, cast: Cast, ada: Client
    ) -> None:
        User.objects.filter(pk=cast.ada.pk).update(locale="de")

        page = ada.get("/admin/accounts/user/?role=team+lead").content.decode()

        assert "lena@example.com" in page
        assert "alice@example.com" not in page
        assert page.count("Teamleitung") > 1
        assert "team lead</" not in page
        assert 'title="team lead"' not in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"email": "no address"}, "email"),
            ({"email": "RACHEL@example.com"}, "email"),
            ({"role": "emperor"}, "role"),
            ({"time_zone": "Mars/Base"}, "time_zone"),
            ({"is_organisation_manager": "on"}, "organisation"),
        ],
    )
    def test_wrong_input_is_shown_at_its_field(
        self, cast: Cast, ada: Client, wrong: dict[str, str], field: str
    ) -> None:
        answer = add(ada, "user", PERSON | wrong)

        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors
        assert not User.objects.filter(name="New").exists()
        assert not OutgoingMail.objects.exists()

    def test_the_last_administrator_is_told_why_not(self, cast: Cast, ada: Client) -> None:
        answer = change(ada, cast.ada, PERSON | {"role": "agent"})

        assert answer.status_code == 302
        assert told(answer) == ["This is the last administrator. Make somebody else one first."]
        assert User.objects.get(pk=cast.ada.pk).name == "Ada"

    def test_whoever_may_not_sign_in_any_more_is_signed_out(self, cast: Cast, ada: Client) -> None:
        theirs = Client()
        theirs.force_login(cast.alice)
        form = PERSON | {"is_active": ""}

        change(ada, cast.alice, form)
        shut = theirs.get("/admin/tickets/ticket/").status_code
        change(ada, cast.alice, PERSON)

        assert shut == 302
        assert User.objects.get(pk=cast.alice.pk).is_active

    def test_a_refused_anonymising_is_told(self, cast: Cast, ada: Client) -> None:
        path = f"/admin/accounts/user/{cast.ada.pk}/anonymise/"

        answer = ada.post(path, {"sure": "on"}, headers={"referer": f"http://testserver{path}"})

        assert told(answer) == [
            "People who work here are removed by an administrator, who hands on their work."
        ]


class TestOrganisations:
    @pytest.mark.parametrize("domain", ["gmail.com", "nonsense", "other.example"])
    def test_a_domain_that_is_refused_leaves_nothing_behind(
        self, cast: Cast, ada: Client, domain: str
    ) -> None:
        OrganisationDomain.objects.create(organisation=cast.other, domain="other.example")
        page = "http://testserver/admin/accounts/organisation/add/"

        answer = ada.post(page, ORGANISATION | {"domains": domain}, headers={"referer": page})

        assert domain in told(answer)[0]
        assert not Organisation.objects.filter(name="Fresh").exists()

    def test_without_a_page_to_go_back_to_the_answer_says_it(self, cast: Cast, ada: Client) -> None:
        answer = add(ada, "organisation", ORGANISATION | {"domains": "gmail.com"})

        assert answer.status_code == 400
        assert b"Anybody can have an address at gmail.com." in answer.content

    def test_a_taken_name_is_shown(self, cast: Cast, ada: Client) -> None:
        answer = add(ada, "organisation", ORGANISATION | {"name": "Acme"})

        assert "name" in answer.context["adminform"].form.errors

    def test_the_page_lists_its_domains(self, cast: Cast, ada: Client) -> None:
        add(ada, "organisation", ORGANISATION)
        fresh = Organisation.objects.get(name="Fresh")

        page = ada.get(f"/admin/accounts/organisation/{fresh.pk}/change/")
        change(ada, fresh, ORGANISATION | {"domains": "fresh.test", "shares_tickets": "on"})

        assert b"fresh.example\nfresh.test" in page.content
        assert [row.domain for row in fresh.domains.all()] == ["fresh.test"]
        assert Organisation.objects.get(pk=fresh.pk).shares_tickets


class TestTeams:
    def test_members_and_leads_are_those_who_were_chosen(self, cast: Cast, ada: Client) -> None:
        change(
            ada,
            cast.cards,
            {
                "name": "Cards",
                "private": "on",
                "assignment_policy": "least_loaded",
                "capacity": "",
                "members": [cast.bob.pk],
                "leads": [cast.lena.pk],
            },
        )

        leads = dict(cast.cards.memberships.values_list("user__name", "is_lead"))
        assert leads == {"Bob": False, "Lena": True}
        saved = Team.objects.get(pk=cast.cards.pk)
        assert (saved.assignment_policy, saved.capacity) == ("least_loaded", None)
        assert Event.objects.filter(name="team.changed").count() == 1
        assert Team.objects.get(pk=cast.cards.pk).private

    def test_a_customer_is_no_choice(self, cast: Cast, ada: Client) -> None:
        answer = add(ada, "team", TEAM | {"members": [cast.rachel.pk]})

        assert "members" in answer.context["adminform"].form.errors
        assert not Team.objects.filter(name="Refunds").exists()


class TestTokens:
    def test_the_key_is_told_once(self, cast: Cast, ada: Client) -> None:
        answer = add(ada, "apitoken", TOKEN)
        key = told(answer)[0].rpartition(" ")[2]

        token = ApiToken.objects.get()
        assert actions.authenticate_token(key=key, now=token.created_at).id == cast.lena.pk
        for path in ("/admin/accounts/apitoken/", f"/admin/accounts/apitoken/{token.pk}/change/"):
            ada.get(path)
            page = ada.get(path).content.decode()
            assert key not in page
            assert token.digest not in page

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"owner_email": "nobody@example.com"}, "owner_email"),
            ({"scopes": ["root"]}, "scopes"),
            ({"scopes": []}, "scopes"),
            ({"days": "0"}, "days"),
            ({"days": "367"}, "days"),
        ],
    )
    def test_wrong_input_is_shown_at_its_field(
        self, cast: Cast, ada: Client, wrong: dict[str, Any], field: str
    ) -> None:
        answer = add(ada, "apitoken", TOKEN | wrong)

        assert field in answer.context["adminform"].form.errors
        assert not ApiToken.objects.exists()

    def test_chosen_ones_are_revoked(self, cast: Cast, ada: Client) -> None:
        for _ in range(2):
            add(ada, "apitoken", TOKEN)
        first, second = ApiToken.objects.order_by("pk")

        ada.post("/admin/accounts/apitoken/", {"action": "revoke", "_selected_action": [first.pk]})

        assert ApiToken.objects.get(pk=first.pk).revoked_at is not None
        assert ApiToken.objects.get(pk=second.pk).revoked_at is None

    def test_one_who_is_demoted_takes_their_token_along(self, cast: Cast, ada: Client) -> None:
        key = told(add(ada, "apitoken", TOKEN))[0].rpartition(" ")[2]

        actions.set_role(user=cast.lena, role=Role.REQUESTER, actor=SYSTEM, now=NOON)

        made = ApiToken.objects.get().created_at
        assert actions.authenticate_token(key=key, now=made).permissions == frozenset()


def test_people_are_found_by_role_and_a_key_tells_what_it_allows(cast: Cast, ada: Client) -> None:
    told = ada.get("/admin/accounts/user/?role=administrator").content.decode()
    assert cast.ada.email in told
    assert cast.alice.email not in told

    add(ada, "apitoken", TOKEN)
    token = ApiToken.objects.get()
    page = ada.get(f"/admin/accounts/apitoken/{token.pk}/change/").content.decode()
    assert "Work on tickets" in page
    assert "Days" not in page
    assert token.digest not in page
