from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.identity.keys import ProviderUnreachableError
from apps.accounts.oidc.adapter import refusal
from apps.accounts.oidc.provider import Exchange


@login_not_required  # type: ignore[untyped-decorator]
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Begin a sign-in: on to the provider's own page."""
    answer = _answered(OAuth2LoginView, request, provider_id)
    if urlsplit(answer.get("Location", "")).netloc:
        return leave(request, answer["Location"])
    return answer


@login_not_required  # type: ignore[untyped-decorator]
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The provider sends people back to here, with a code."""
    return _answered(OAuth2CallbackView, request, provider_id)


def leave(request: HttpRequest, to: str) -> HttpResponse:
    """On to another site, by a page of ours that leads there by itself.

    Browsers hold the policy for forms against all redirects that follow one: a provider that
    passes people on to yet another would need each of their addresses in it.
    """
    return render(request, "socialaccount/leaving.html", {"to": to})


def _answered(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        asked: Callable[..., HttpResponse] = view.adapter_view(Exchange(request, provider_id))
        return asked(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except (requests.RequestException, ProviderException, ProviderUnreachableError):
        return refusal(request, ProviderUnreachableError())
