"""How allauth's sign-in through a provider uses the desk."""

from __future__ import annotations

from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts import actions
from apps.accounts.identity import provider
from apps.accounts.identity.claims import Told
from apps.accounts.identity.keys import ProviderUnreachableError
from apps.accounts.vouching import vouch
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import DomainError

OIDC = "openid_connect"


class Adapter(DefaultSocialAccountAdapter):
    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """IDENTITY_URL's, and none from the database."""
        app = the_app()
        if app is None or (provider and provider not in {app.provider, app.provider_id}):
            return []
        return [app] if client_id in {None, app.client_id} else []

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find or make the person. allauth then finds that it knows them, and signs them in."""
        told: Told = sociallogin.told
        try:
            admitted = actions.admit(
                provider=sociallogin.account.provider,
                told=told,
                locale=translation.get_language() or settings.LANGUAGE_CODE,
                actor=SYSTEM,
                now=timezone.now(),
            )
        except DomainError as error:
            raise ImmediateHttpResponse(refusal(request, error)) from error
        sociallogin.account, sociallogin.user = admitted.account, admitted.user
        vouch(request, admitted.user, is_strong=told.is_strong)
        if admitted.is_last_administrator:
            messages.warning(
                request,
                _(
                    "Your groups no longer make you an administrator. You stay one, because there"
                    " is no other: make somebody else one first."
                ),
            )

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002
        error: str | None = None,  # noqa: ARG002
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> None:
        if isinstance(exception, requests.RequestException):
            raise ImmediateHttpResponse(refusal(request, ProviderUnreachableError()))


def the_app() -> SocialApp | None:
    configured = provider()
    if configured is None:
        return None
    return SocialApp(
        provider=OIDC,
        provider_id=configured.id,
        name=settings.IDENTITY_NAME or _("single sign-on"),
        client_id=configured.client,
        secret=configured.secret,
        settings={},
    )


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Why somebody doesn't get in, and what they can do about it."""
    page = "socialaccount/authentication_error.html"
    return render(request, page, {"error": error}, status=error.status)
