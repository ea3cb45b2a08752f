"""A user pool of the local AWS, made from the desk's own template: sign-in, tokens, federation."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts.identity import identity
from apps.accounts.models import User
from deploy import stacks
from project import parameters
from tests.accounts.test_provider import begin, location_of
from tests.cast import Cast
from tests.oidc import CLIENT, SECRET, OtherProvider

pytestmark = pytest.mark.django_db

LOGIN = "/account/oidc/cognito/login/"
PASSWORD = "Correct-horse-7-battery"
CALLBACK = "http://testserver/account/oidc/cognito/login/callback/"


@dataclass(frozen=True)
class Pool:
    id: str
    client: str
    secret: str
    at: str

    def add(self, email: str, *groups: str, verified: str = "true") -> None:
        idp = boto3.client("cognito-idp")
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": verified},
            {"Name": "name", "Value": email.partition("@")[0].capitalize()},
        ]
        idp.admin_create_user(UserPoolId=self.id, Username=email, UserAttributes=attributes)  # type: ignore[arg-type]
        idp.admin_set_user_password(
            UserPoolId=self.id, Username=email, Password=PASSWORD, Permanent=True
        )
        for group in groups:
            idp.admin_add_user_to_group(UserPoolId=self.id, Username=email, GroupName=group)

    def leave_group(self, email: str, group: str) -> None:
        boto3.client("cognito-idp").admin_remove_user_from_group(
            UserPoolId=self.id, Username=email, GroupName=group
        )


@pytest.fixture
def pool(aws: dict[str, str], settings: Any, request: pytest.FixtureRequest) -> Iterator[Pool]:
    """Its stack has the parameters of a test that says `parametrize("pool", …, indirect=True)`."""
    at = aws["AWS_ENDPOINT_URL"]
    given = {"LocalSiteUrl": "http://testserver", "LocalPages": at, **getattr(request, "param", {})}
    stacks.apply("identity", stage="local", parameters=given)
    found = parameters.load("/tendril/local")
    settings.SITE_URL = "http://testserver"
    settings.IDENTITY_SECRET = found["IDENTITY_SECRET"]
    url = urlsplit(found["IDENTITY_URL"])
    client = parse_qs(url.query)["client"][0]
    with identity.override(identity.build(found["IDENTITY_URL"])):
        yield Pool(url.path.strip("/"), client, found["IDENTITY_SECRET"], at)


def post(url: str, form: dict[str, str], **headers: str) -> urllib.request.Request:
    return urllib.request.Request(url, urlencode(form).encode(), headers)


def pass_hosted_page(pool: Pool, url: str, email: str) -> str:
    """Fill in the pool's own form. Where it sends the browser."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        page = answer.read().decode()
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    form = {key: unescape(value) for key, value in hidden.items()}
    return location_of(post(f"{pool.at}/login", form | {"username": email, "password": PASSWORD}))


def come(pool: Pool, client: Client, email: str) -> Any:
    return client.get(pass_hosted_page(pool, begin(client, LOGIN), email))


def test_the_pools_people_sign_in_as_their_groups_say(cast: Cast, pool: Pool) -> None:
    pool.add("nina@new.example", "team-lead")
    client = Client()

    answer = come(pool, client, "nina@new.example")

    nina = User.objects.get(email="nina@new.example")
    assert answer.status_code == 302
    assert (nina.name, [group.name for group in nina.groups.all()]) == ("Nina", ["team lead"])
    assert client.get("/admin/tickets/ticket/").status_code == 200
    issuer = f"https://cognito-idp.eu-central-1.amazonaws.com/{pool.id}"
    assert SocialAccount.objects.get().uid.startswith(f"{issuer}|")


def test_who_leaves_a_group_is_less_at_the_next_sign_in(cast: Cast, pool: Pool) -> None:
    pool.add("nina@new.example", "agent")
    come(pool, Client(), "nina@new.example")
    pool.leave_group("nina@new.example", "agent")
    client = Client()

    come(pool, client, "nina@new.example")

    assert not User.objects.get(email="nina@new.example").is_staff
    assert client.get("/admin/").status_code == 302


def test_an_address_that_the_pool_did_not_prove_opens_nothing(cast: Cast, pool: Pool) -> None:
    pool.add(cast.rachel.email, verified="false")

    answer = come(pool, Client(), cast.rachel.email)

    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


def test_the_pool_takes_our_way_out(cast: Cast, pool: Pool) -> None:
    configured = identity.get().provider
    assert configured is not None
    door = configured.sign_out()
    assert door is not None

    url = door.leading_to("http://testserver/", configured.client)

    assert location_of(url) == "http://testserver/"


def tokens_of(pool: Pool, email: str) -> dict[str, str]:
    """As a program gets them that has the client's secret."""
    asked = {
        "client_id": pool.client,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid email",
    }
    back = pass_hosted_page(pool, f"{pool.at}/oauth2/authorize?{urlencode(asked)}", email)
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    key = base64.b64encode(f"{pool.client}:{pool.secret}".encode()).decode()
    asking = post(f"{pool.at}/oauth2/token", form, Authorization=f"Basic {key}")
    with urllib.request.urlopen(asking, timeout=30) as answer:
        tokens: dict[str, str] = json.load(answer)
    return tokens


def test_its_access_tokens_open_the_api_and_its_id_tokens_do_not(cast: Cast, pool: Pool) -> None:
    pool.add("nina@new.example", "agent")
    come(pool, Client(), "nina@new.example")
    tokens = tokens_of(pool, "nina@new.example")

    access, told = (
        Client().get("/api/me", headers={"Authorization": f"Bearer {tokens[kind]}"})
        for kind in ("access_token", "id_token")
    )

    assert access.json()["email"] == "nina@new.example"
    assert "work_tickets" in access.json()["permissions"]
    assert told.status_code == 401


def federate(pool: Pool, name: str, other: OtherProvider, **mapping: str) -> str:
    """Another provider beside the pool's own sign-in; what IDENTITY_URL leads straight to it."""
    boto3.client("cognito-idp").create_identity_provider(
        UserPoolId=pool.id,
        ProviderName=name,
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": CLIENT,
            "client_secret": SECRET,
            "oidc_issuer": other.url,
            "attributes_request_method": "GET",
            "authorize_scopes": "openid email",
        },
        AttributeMapping={"email": "email", "name": "name", **mapping},
    )
    return straight_to(pool, name)


def straight_to(pool: Pool, name: str) -> str:
    return f"cognito+{pool.at}/{pool.id}?client={pool.client}&pages={pool.at}&to={name}"


def come_from(pool: Pool, client: Client, url: str) -> Any:
    with identity.override(identity.build(url)):
        provider = location_of(begin(client, LOGIN))
        # The pool's own domain is AWS's; the same pool answers here.
        back = urlsplit(location_of(provider))._replace(
            scheme="http", netloc=urlsplit(pool.at).netloc
        )
        return client.get(location_of(back.geturl()))


def test_another_provider_federates_in_the_pool(
    cast: Cast, pool: Pool, other: OtherProvider
) -> None:
    company = federate(pool, "Elsewhere", other, email_verified="email_verified")
    other.set(
        person={
            "sub": "c-1",
            "email": cast.rachel.email,
            "email_verified": "true",
            "name": "Rachel",
        }
    )
    client = Client()

    answer = come_from(pool, client, company)

    assert answer.status_code == 302
    assert client.get("/requests/").status_code == 200
    assert SocialAccount.objects.get().user == cast.rachel


# Providers that don't say whether an address was proved: infra/identity.yaml's function does.


@pytest.mark.parametrize(
    ("pool", "status"),
    [
        ({"VouchForFacebook": "yes"}, 302),
        ({"VouchForAmazon": "yes"}, 403),
        ({"VouchForFacebook": "yes", "SamlDomains": "hill.example,example.com"}, 403),
    ],
    indirect=["pool"],
)
def test_a_network_is_let_in_where_the_operator_vouches_for_it(
    cast: Cast, pool: Pool, other: OtherProvider, status: int
) -> None:
    network = federate(pool, "Facebook", other, email_verified="desk_vouched")
    claims = {"sub": "f-1", "email": cast.rachel.email, "name": "Rachel"}
    other.set(person={**claims, "desk_vouched": "true"})  # which nobody may say of themselves

    first, second = (come_from(pool, Client(), network).status_code for _ in range(2))

    assert (first, second) == (status, status)
    assert SocialAccount.objects.count() == (status == 302)


def come_by_saml(pool: Pool, client: Client, address: str) -> Any:
    """As a browser carries the assertion. Its signature is the pool's business, thus AWS's."""
    claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
    told = "".join(
        f'<a:Attribute Name="{name}"><a:AttributeValue>{value}</a:AttributeValue></a:Attribute>'
        for name, value in ((f"{claims}/emailaddress", address), (f"{claims}/name", "Rachel"))
    )
    written = (
        '<Response xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"><a:Assertion>'
        f"<a:Subject><a:NameID>r.hill</a:NameID></a:Subject>"
        f"<a:AttributeStatement>{told}</a:AttributeStatement></a:Assertion></Response>"
    )
    with identity.override(identity.build(straight_to(pool, "Company"))):
        asked = location_of(begin(client, LOGIN))
        relay = parse_qs(urlsplit(asked).query)["RelayState"][0]
        form = {"SAMLResponse": base64.b64encode(written.encode()).decode(), "RelayState": relay}
        return client.get(location_of(post(f"{pool.at}/saml2/idpresponse", form)))


@pytest.mark.parametrize("pool", [{"SamlDomains": "example.com"}], indirect=True)
def test_a_companys_people_come_in_with_its_own_addresses_alone(cast: Cast, pool: Pool) -> None:
    claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
    boto3.client("cognito-idp").create_identity_provider(
        UserPoolId=pool.id,
        ProviderName="Company",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "http://127.0.0.1:9/metadata"},
        AttributeMapping={
            "email": f"{claims}/emailaddress",
            "name": f"{claims}/name",
            "email_verified": "desk_vouched",
        },
    )

    stranger = come_by_saml(pool, Client(), "rachel@elsewhere.example")
    own = come_by_saml(pool, Client(), cast.rachel.email)

    assert (stranger.status_code, own.status_code) == (403, 302)
    assert SocialAccount.objects.get().user == cast.rachel
