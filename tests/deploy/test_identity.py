"""Whose address the user pool vouches for: the function of infra/identity.yaml, taken out and run.

Whether Cognito asks it at every sign-in, as its documents say, only an account can prove; that the
local AWS does is tests/accounts/test_cognito.py's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.templates import parse, properties, statements, text_of, written

SAML_ADDRESS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ask]:
    """The function with these variables; what it has the pool keep of a provider's attributes."""

    def with_variables(*, domains: str = "", facebook: str = "no", amazon: str = "no") -> Ask:
        for name, value in (("DOMAINS", domains), ("FACEBOOK", facebook), ("AMAZON", amazon)):
            monkeypatch.setenv(name, value)
        template = parse(text_of("identity"))
        code: dict[str, Any] = {}
        exec(properties(template["Resources"]["Voucher"])["Code"]["ZipFile"], code)

        def asked(provider: str, attributes: dict[str, Any]) -> dict[str, Any]:
            event = {
                "version": "1",
                "triggerSource": "InboundFederation_ExternalProvider",
                "userPoolId": "eu-central-1_abc",
                "request": {"providerName": provider, "attributes": attributes},
                "response": {"userAttributesToMap": {}},
            }
            kept: dict[str, Any] = code["handler"](event, None)["response"]["userAttributesToMap"]
            return kept

        return asked

    return with_variables


def from_facebook(email: Any = "rachel@hill.example", **more: Any) -> dict[str, Any]:
    return {
        "tokenResponse": {"access_token": "t"},
        "userInfo": {"id": "77", "name": "Rachel Hill", "email": email, **more},
    }


def from_company(email: Any = "rachel@hill.example", **more: Any) -> dict[str, Any]:
    return {"samlResponse": {SAML_ADDRESS: email, **more}}


@pytest.mark.parametrize("provider", ["Facebook", "LoginWithAmazon"])
def test_a_network_is_believed_only_where_the_operator_says_so(
    ask: Callable[..., Ask], provider: str
) -> None:
    says = {"Facebook": "facebook", "LoginWithAmazon": "amazon"}[provider]
    other = {"facebook": "amazon", "amazon": "facebook"}[says]

    assert ask(**{says: "yes"})(provider, from_facebook())["desk_vouched"] == "true"
    assert ask(**{other: "yes"})(provider, from_facebook())["desk_vouched"] == "false"


def test_all_else_that_was_told_stays(ask: Callable[..., Ask]) -> None:
    """Cognito forgets what isn't returned: the id, without which there is no user."""
    assert ask(facebook="yes")("Facebook", from_facebook()) == {
        "id": "77",
        "name": "Rachel Hill",
        "email": "rachel@hill.example",
        "desk_vouched": "true",
    }


def test_nobody_vouches_for_themselves(ask: Callable[..., Ask]) -> None:
    networks, company = ask(), ask(domains="hill.example")

    for provider, told in (
        ("Facebook", networks("Facebook", from_facebook(desk_vouched="true"))),
        (
            "Company",
            company("Company", from_company("eve@other.example", desk_vouched="true")),
        ),
    ):
        assert told["desk_vouched"] == "false", provider


def test_a_company_is_believed_for_its_own_domains(ask: Callable[..., Ask]) -> None:
    asked = ask(domains="hill.example,hill.co.example")

    found = {
        address: asked("Company", from_company(address))["desk_vouched"]
        for address in (
            "rachel@hill.example",
            "Rachel@HILL.co.example",
            "rachel@sub.hill.example",
            "rachel@nothill.example",
            "eve@other.example",
        )
    }

    assert [address for address, vouched in found.items() if vouched == "true"] == [
        "rachel@hill.example",
        "Rachel@HILL.co.example",
    ]


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "@hill.example",
        "rachel",
        "eve@other.example@hill.example",
        "eve@other.example,rachel@hill.example",
        ["eve@other.example", "rachel@hill.example"],
        42,
    ],
)
def test_what_is_no_single_address_is_nobodys(ask: Callable[..., Ask], address: Any) -> None:
    asked = ask(domains="hill.example", facebook="yes")

    assert asked("Company", from_company(address))["desk_vouched"] == "false"
    assert asked("Facebook", from_facebook(address))["desk_vouched"] == "false"


def test_a_network_is_never_believed_for_the_companys_addresses(ask: Callable[..., Ask]) -> None:
    asked = ask(domains="hill.example", facebook="yes")

    assert asked("Facebook", from_facebook())["desk_vouched"] == "false"
    assert asked("Facebook", from_facebook("eve@other.example"))["desk_vouched"] == "true"


def test_who_says_it_themselves_is_left_alone(ask: Callable[..., Ask]) -> None:
    """Google's own word is mapped: an empty answer changes nothing."""
    told = {"idToken": {"sub": "1", "email": "a@b.example", "email_verified": "false"}}

    assert ask(facebook="yes", domains="b.example")("Google", told) == {}


def test_claims_may_come_as_text(ask: Callable[..., Ask]) -> None:
    told = {"idToken": '{"sub": "77", "email": "rachel@hill.example"}', "userInfo": None}

    assert ask(amazon="yes")("LoginWithAmazon", told)["desk_vouched"] == "true"


def test_its_role_may_write_its_log_and_nothing_else() -> None:
    allowed = [
        (statement["Action"], written(statement["Resource"]))
        for name, statement in statements(parse(text_of("identity")))
        if name == "VoucherRole" and statement["Action"] != "sts:AssumeRole"
    ]

    ((actions, resource),) = allowed
    assert actions == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert resource.endswith(":log-group:/tendril/${Stage}/voucher:*")


@pytest.mark.parametrize(
    ("provider", "condition"),
    [("Facebook", "FacebookVouched"), ("Amazon", "AmazonVouched"), ("Company", "WithDomains")],
)
def test_no_provider_is_vouched_for_of_itself(provider: str, condition: str) -> None:
    template = parse(text_of("identity"))
    mapping = properties(template["Resources"][provider])["AttributeMapping"]["email_verified"]
    branch = mapping if provider != "Company" else mapping["Fn::If"][2]

    assert branch == {"Fn::If": [condition, "desk_vouched", {"Ref": "AWS::NoValue"}]}
    assert {
        template["Parameters"][name]["Default"]
        for name in ("VouchForFacebook", "VouchForAmazon", "SamlDomains")
    } == {"no", ""}
