"""Whom a token stands for, and every way to forge one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.bearer import bearer_of
from apps.accounts.errors import TokenRefusedError
from apps.accounts.identity import Provider, identity
from apps.accounts.identity.keys import (
    ASKED_AT_MOST_EVERY,
    FRESH,
    STALE,
    Keys,
    ProviderUnreachableError,
)
from apps.accounts.identity.tokens import LEEWAY, LONGEST
from apps.accounts.permissions import Permission, Role, Scope
from apps.kernel.actors import SYSTEM
from tests.cast import Cast
from tests.e2e.desk import free_port
from tests.oidc import OtherProvider
from tests.support import NOON

POOL, CLIENT = "eu-central-1_AbCdEfGhI", "client-1"
ISSUER = f"https://cognito-idp.eu-central-1.amazonaws.com/{POOL}"
SUBJECT = "0b5a3f3e-0000-4000-8000-000000000001"

Claims = dict[str, Any]


def url_of(at: str, more: str = "") -> str:
    return f"cognito+{at}/{POOL}?client={CLIENT}&pages={at}&apps=app-2{more}"


@pytest.fixture(autouse=True)
def pool(other: OtherProvider, settings: Any) -> Iterator[OtherProvider]:
    """A user pool whose tokens the test signs."""
    settings.IDENTITY_SECRET = "s"
    with identity.override(identity.build(url_of(other.url))):
        yield other


def access(**claims: Any) -> Claims:
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "openid email",
        "iat": now,
        "exp": now + 300,
    }
    return {key: value for key, value in (good | claims).items() if value is not None}


def ask(token: str) -> Any:
    return Client().get("/api/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def linked(cast: Cast) -> Cast:
    """Alice, an agent, has signed in through the pool once."""
    SocialAccount.objects.create(user=cast.alice, provider="cognito", uid=f"{ISSUER}|{SUBJECT}")
    return cast


@pytest.mark.django_db
class TestAGoodToken:
    def test_stands_for_who_signed_in_once(self, linked: Cast, pool: OtherProvider) -> None:
        answer = ask(pool.sign(access(**{"cognito:groups": ["agent"]})))

        assert answer.status_code == 200
        assert answer.json() == {
            "id": linked.alice.ref,
            "email": "alice@example.com",
            "name": "Alice",
            "role": "agent",
            "permissions": ["work_tickets", "write_articles"],
        }
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies

    def test_acts_for_its_owner_and_is_not_the_owner(
        self, linked: Cast, pool: OtherProvider
    ) -> None:
        actor = bearer_of(f"bearer {pool.sign(access())}", now=NOON)

        assert (actor.kind, actor.id) == ("token", linked.alice.pk)

    def test_of_another_app_of_the_pool(self, linked: Cast, pool: OtherProvider) -> None:
        assert ask(pool.sign(access(client_id="app-2"))).status_code == 200

    @pytest.mark.parametrize("groups", [None, [], ["nobody"]])
    def test_may_no_more_than_its_groups_say(
        self, linked: Cast, pool: OtherProvider, groups: object
    ) -> None:
        answer = ask(pool.sign(access(**{"cognito:groups": groups})))

        assert answer.json()["permissions"] == []

    def test_nor_more_than_the_person_may(self, linked: Cast, pool: OtherProvider) -> None:
        actor = bearer_of(
            f"Bearer {pool.sign(access(**{'cognito:groups': ['administrator']}))}", now=NOON
        )

        assert Permission.MANAGE_PEOPLE not in actor.permissions
        assert Permission.WORK_TICKETS in actor.permissions

    @pytest.mark.parametrize(
        "case",
        [("", {}, False), ("", {"amr": ["mfa"]}, True), ("&mfa=always", {}, True)],
        ids=str,
    )
    def test_of_staff_works_only_with_a_second_factor_where_one_is_required(
        self, linked: Cast, pool: OtherProvider, settings: Any, case: tuple[str, Claims, bool]
    ) -> None:
        more, told, works = case
        settings.STAFF_MFA = "required"
        token = pool.sign(access(**{"cognito:groups": ["agent"]}, **told))

        with identity.override(identity.build(url_of(pool.url, more))):
            actor = bearer_of(f"Bearer {token}", now=NOON)

        assert actor.can(Permission.WORK_TICKETS) is works
        assert bool(actor.team_ids) is works

    def test_clocks_may_differ_a_little(self, linked: Cast, pool: OtherProvider) -> None:
        now = int(time.time())
        ahead = access(iat=now + LEEWAY - 10, nbf=now + LEEWAY - 10)
        behind = access(exp=now - LEEWAY + 10)

        assert ask(pool.sign(ahead)).status_code == 200
        assert ask(pool.sign(behind)).status_code == 200


Forge = Callable[[OtherProvider], str]
_FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(**claims: Any) -> Forge:
    return lambda pool: pool.sign(access(**claims))


def headed(**header: Any) -> Forge:
    return lambda pool: pool.sign(access(), **header)


def by_another_key(pool: OtherProvider) -> str:
    kid = jwt.get_unverified_header(pool.sign(access()))["kid"]
    return jwt.encode(access(), _FOREIGN_KEY, "RS256", headers={"kid": kid})


def unsigned(pool: OtherProvider) -> str:
    kid = jwt.get_unverified_header(pool.sign(access()))["kid"]
    return jwt.encode(access(), "", "none", headers={"kid": kid})


def by_the_public_key_as_a_secret(pool: OtherProvider) -> str:
    """The classic: HS256 keyed with what everybody can read."""
    (key,) = requests.get(f"{pool.url}/keys", timeout=30).json()["keys"]
    public = jwt.PyJWK(key).key
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [{"alg": "HS256", "kid": key["kid"], "typ": "JWT"}, access()]
    written = ".".join(_b64(json.dumps(part).encode()) for part in parts)
    made = hmac.new(pem, written.encode(), hashlib.sha256).digest()
    return f"{written}.{_b64(made)}"


def with_groups_written_in(pool: OtherProvider) -> str:
    header, _, signature = pool.sign(access()).split(".")
    claims = json.dumps(access(**{"cognito:groups": ["administrator"]})).encode()
    return f"{header}.{_b64(claims)}.{signature}"


def with_its_own_key(pool: OtherProvider) -> str:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(_FOREIGN_KEY.public_key(), as_dict=True)
    header = {"kid": "mine", "jwk": {**public, "kid": "mine"}}
    return jwt.encode(access(), _FOREIGN_KEY, "RS256", headers=header)


def with_a_key_elsewhere(pool: OtherProvider) -> str:
    header = {"kid": "mine", "jku": f"{pool.url}/jku.json"}
    return jwt.encode(access(), _FOREIGN_KEY, "RS256", headers=header)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_NOW = int(time.time())
FORGED: dict[str, Forge] = {
    "no signature (alg none)": unsigned,
    "HS256 with the public key": by_the_public_key_as_a_secret,
    "a bad signature": lambda pool: pool.sign(access())[:-8] + "AAAAAAAA",
    "signed by another's key": by_another_key,
    "tampered groups": with_groups_written_in,
    "an unknown key": headed(kid="nobody's"),
    "no key": headed(kid=""),
    "brings its own key": with_its_own_key,
    "says where its key is": with_a_key_elsewhere,
    "signed rightly, and brings a key": headed(jwk={"kty": "RSA"}),
    "insists on something": headed(crit=["exp"]),
    "insists on something strange": headed(crit=["walrus"], walrus=True),
    "another pool": signed(iss=f"{ISSUER}x"),
    "another issuer": signed(iss="https://evil.example"),
    "no issuer": signed(iss=None),
    "another desk's client": signed(client_id="client-9"),
    "no client": signed(client_id=None),
    "our client as its audience alone": signed(client_id=None, aud=CLIENT),
    "an id token": signed(token_use="id", client_id=None, aud=CLIENT),
    "an id token with a client": signed(token_use="id"),
    "no use": signed(token_use=None),
    "expired": signed(iat=_NOW - 7200, exp=_NOW - 3600),
    "without an end": signed(exp=None),
    "an end that is none": signed(exp="never"),
    "not yet valid": signed(nbf=_NOW + 7200, exp=_NOW + 9000),
    "made in the future": signed(iat=_NOW + 7200, exp=_NOW + 9000),
    "never made": signed(iat=None),
    "of nobody": signed(sub=None),
    "of an empty name": signed(sub=""),
    "of a list": signed(sub=[SUBJECT]),
    "of somebody who never signed in": signed(sub="0b5a3f3e-0000-4000-8000-000000000002"),
    "very long": signed(more="x" * LONGEST),
    "two parts": lambda pool: pool.sign(access()).rpartition(".")[0],
    "four parts": lambda pool: pool.sign(access()) + ".x",
    "no token": lambda pool: "hello",
    "a token of the desk that isn't": lambda pool: "tendril_" + "x" * 43,
}


@pytest.mark.django_db
class TestAForgedToken:
    @pytest.mark.parametrize("name", FORGED)
    def test_is_refused(self, linked: Cast, pool: OtherProvider, name: str) -> None:
        answer = ask(FORGED[name](pool))

        assert answer.status_code == 401
        assert answer.json()["code"] == "token.refused"
        assert answer["WWW-Authenticate"] == "Bearer"

    def test_says_nothing_of_what_was_wrong(self, linked: Cast, pool: OtherProvider) -> None:
        told = {ask(forge(pool)).content for forge in list(FORGED.values())[:12]}

        assert len(told) == 1

    def test_of_an_account_that_was_closed(self, linked: Cast, pool: OtherProvider) -> None:
        actions.set_active(user=linked.alice, active=False, actor=SYSTEM, now=NOON)

        assert ask(pool.sign(access())).status_code == 401

    def test_where_no_provider_is(self, linked: Cast, pool: OtherProvider) -> None:
        token = pool.sign(access())

        with identity.override(identity.build("local:")):
            assert ask(token).status_code == 401

    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x"])
    def test_or_none(self, cast: Cast, value: str) -> None:
        assert Client().get("/api/me", headers={"Authorization": value}).status_code == 401

    def test_a_session_does_not_count(self, cast: Cast) -> None:
        client = Client()
        client.force_login(cast.ada)

        assert client.get("/api/me").status_code == 401


@pytest.mark.django_db
class TestOtherProvidersTokens:
    """RFC 9068, where Cognito has its own claims."""

    @pytest.fixture(autouse=True)
    def plain(self, pool: OtherProvider, cast: Cast) -> Iterator[None]:
        SocialAccount.objects.create(user=cast.alice, provider="oidc", uid=f"{pool.url}|{SUBJECT}")
        with identity.override(identity.build(f"oidc+{pool.url}?client={CLIENT}")):
            yield

    @pytest.mark.parametrize(
        ("typ", "audience", "status"),
        [
            ("at+jwt", CLIENT, 200),
            ("application/at+jwt", ["x", CLIENT], 200),
            ("JWT", CLIENT, 401),  # an id token
            ("at+jwt", "another", 401),
            ("at+jwt", None, 401),
            ("at+jwt", 7, 401),
        ],
    )
    def test_say_what_they_are_for(
        self, pool: OtherProvider, typ: str, audience: object, status: int
    ) -> None:
        claims = access(iss=pool.url, aud=audience, token_use=None, client_id=None)

        assert ask(pool.sign(claims, typ=typ)).status_code == status


@pytest.mark.django_db
def test_the_desks_own_tokens_come_in_by_the_same_door(cast: Cast) -> None:
    now = timezone.now()
    _, key = actions.issue_token(
        owner=cast.lena,
        name="script",
        scopes=[Scope.REQUESTER],
        expires_at=now + timedelta(days=1),
        actor=cast.actor(cast.ada),
        now=now,
    )

    answer = ask(key)

    assert answer.json()["role"] == Role.TEAM_LEAD
    assert answer.json()["permissions"] == []


class TestKeys:
    @pytest.fixture
    def clock(self) -> list[float]:
        return [1000.0]

    @pytest.fixture
    def keys(self, pool: OtherProvider, clock: list[float]) -> Keys:
        return Keys(lambda: f"{pool.url}/keys", clock=lambda: clock[0])

    def kid(self, pool: OtherProvider) -> str:
        return str(jwt.get_unverified_header(pool.sign({}))["kid"])

    def test_are_asked_for_once_an_hour(
        self, pool: OtherProvider, keys: Keys, clock: list[float]
    ) -> None:
        kid = self.kid(pool)
        found = [keys.find(kid) for _ in range(5)]
        clock[0] += FRESH + 1
        found.append(keys.find(kid))

        assert all(found)
        assert pool.asked("/keys") == 2

    def test_a_new_one_is_found_at_once(
        self, pool: OtherProvider, keys: Keys, clock: list[float]
    ) -> None:
        old = self.kid(pool)
        keys.find(old)
        pool.set(rotate=True)
        clock[0] += ASKED_AT_MOST_EVERY + 1

        assert keys.find(self.kid(pool))
        assert keys.find(old) is None

    def test_strangers_do_not_make_us_ask_without_end(
        self, pool: OtherProvider, keys: Keys
    ) -> None:
        found = [keys.find(f"nobody's {number}") for number in range(50)]

        assert not any(found)
        assert pool.asked("/keys") == 1

    def test_old_ones_serve_while_the_provider_is_away(
        self, pool: OtherProvider, keys: Keys, clock: list[float]
    ) -> None:
        kid = self.kid(pool)
        keys.find(kid)
        pool.set(is_down=True)
        clock[0] += STALE - 1

        assert keys.find(kid)

    def test_but_not_for_ever(self, pool: OtherProvider, keys: Keys, clock: list[float]) -> None:
        kid = self.kid(pool)
        keys.find(kid)
        pool.set(is_down=True)
        clock[0] += STALE + 1

        with pytest.raises(ProviderUnreachableError):
            keys.find(kid)

    def test_an_unknown_one_is_nobodys_fault_then(
        self, pool: OtherProvider, keys: Keys, clock: list[float]
    ) -> None:
        pool.set(is_down=True)
        for _ in range(2):
            with pytest.raises(ProviderUnreachableError):
                keys.find("any")

        pool.set(is_down=False)
        clock[0] += ASKED_AT_MOST_EVERY + 1
        assert keys.find("any") is None

    @pytest.mark.django_db
    def test_the_caller_is_told_to_come_again(self, linked: Cast, pool: OtherProvider) -> None:
        token = pool.sign(access())

        with identity.override(identity.build(url_of(f"http://127.0.0.1:{free_port()}"))):
            answer = ask(token)

        assert answer.status_code == 503
        assert answer.json()["code"] == "identity.unreachable"
        assert answer["Retry-After"] == str(ASKED_AT_MOST_EVERY)


def test_a_secret_is_not_shown(pool: OtherProvider) -> None:
    configured = identity.get().provider

    assert isinstance(configured, Provider)
    assert "secret" not in repr(configured)


def test_refused_errors_are_all_alike() -> None:
    with pytest.raises(TokenRefusedError):
        bearer_of("Bearer x", now=NOON)
