"""allauth's OpenID Connect provider, told by IDENTITY_URL: code flow, PKCE, state and nonce."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess, ProviderException
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import (
    OpenIDConnectProvider,
    OpenIDConnectProviderAccount,
)
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

from apps.accounts.errors import TokenRefusedError
from apps.accounts.identity import Provider, provider, tokens
from apps.accounts.identity.claims import told_by


def nonce_of(code_verifier: str) -> str:
    """The nonce of one sign-in. Made from its other secret, it needs no keeping of its own."""
    return hashlib.sha256(f"nonce:{code_verifier}".encode()).hexdigest()


class Account(OpenIDConnectProviderAccount):
    def to_str(self) -> str:
        return str(self.account.extra_data.get("email") or self.account.uid)


class Exchange(OpenIDConnectOAuth2Adapter):
    """From a code to claims that were verified."""

    def __init__(self, request: HttpRequest, provider_id: str) -> None:
        super().__init__(request, provider_id)
        self._nonce = ""

    @property
    def openid_config(self) -> Any:
        told = super().openid_config
        if told.get("issuer") != _provider().issuer:
            raise ProviderException(f"the provider calls itself {told.get('issuer')!r}")
        return told

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        if not pkce_code_verifier:
            raise ProviderException("a sign-in that did not begin here")
        self._nonce = nonce_of(pkce_code_verifier)
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Allauth's has no nonce, and believes what came over TLS without its signature."""
        configured = _provider()
        try:
            written = str(kwargs["response"].get("id_token") or "")
            claims = tokens.id_claims(configured, written, nonce=self._nonce)
        except TokenRefusedError as error:
            raise ProviderException("the provider's token is not valid") from error
        told = told_by(configured, claims)
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.told = told
        return login


class DeskProvider(OpenIDConnectProvider):
    package = "apps.accounts.oidc"  # where its URLs are
    account_class = Account
    oauth2_adapter_class = Exchange

    @property
    def server_url(self) -> str:
        return _provider().discovery

    def get_pkce_params(self) -> dict[str, Any]:
        """What each sign-in carries besides its state; allauth keeps `code_verifier` to itself."""
        made = generate_code_challenge()
        return {**made, "nonce": nonce_of(made["code_verifier"])}

    def get_auth_params(self) -> dict[str, Any]:
        straight_to = _provider().straight_to
        return {"identity_provider": straight_to} if straight_to else {}

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:  # noqa: ARG002
        """Allauth takes more of them from the address, which anybody can write."""
        return self.get_auth_params()

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:  # noqa: ARG002
        return self.get_default_scope()

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Always to sign in: accounts are linked by their verified address, never by hand."""
        return {**super().get_redirect_from_request_kwargs(request), "process": AuthProcess.LOGIN}

    def get_default_scope(self) -> list[str]:
        return ["openid", "email", "profile"]

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        return _provider().uid(str(data["sub"]))

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """No more than the list of one's accounts shows."""
        return {"email": str(data.get("email") or "")}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:  # noqa: ARG002
        """`actions.admit` sees to addresses."""
        return []

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def wrap_account(self, social_account: SocialAccount) -> Account:
        return Account(social_account)


def _provider() -> Provider:
    found = provider()
    if found is None:
        raise ProviderException("no provider is configured")
    return found
