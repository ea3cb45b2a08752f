"""What people do with their own account; signing in and second factors are allauth's pages."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.socialaccount.internal.flows.connect import validate_disconnect
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import actions, api, looks, throttle
from apps.accounts.bearer import bearer_of
from apps.accounts.factors import has_second_factor, lacks_second_factor
from apps.accounts.forms import LeaveForm, ProfileForm
from apps.accounts.identity import provider
from apps.accounts.identity.keys import ASKED_AT_MOST_EVERY
from apps.accounts.middleware import actor_of
from apps.accounts.models import User
from apps.accounts.oidc.views import leave
from apps.kernel.errors import DomainError, NotFoundError
from apps.kernel.forms import bound_to, shown_on

EXPORTS = 5
EXPORTS_WINDOW = timedelta(hours=1)


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = _me(request)
    initial = {"name": user.name, "locale": user.locale, "time_zone": user.time_zone}
    form = ProfileForm(*bound_to(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.edit_person(
            user=user, **form.cleaned_data, actor=actor_of(request), now=timezone.now()
        )
        with translation.override(form.cleaned_data["locale"]):
            messages.success(request, _("Your profile is saved."))
        return _in_language(redirect("profile"), form.cleaned_data["locale"])
    return render(request, "accounts/profile.html", {"form": form, "person": user})


@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    """What the desk keeps of me: take it along, or have it forgotten."""
    return _data_page(request, LeaveForm(), status=200)


def _data_page(request: HttpRequest, form: LeaveForm, *, status: int) -> HttpResponse:
    """A download leaves its page as it is, so whoever has to say who they are does so before."""
    context = {
        "form": form,
        "person": _me(request),
        "is_sure": did_recently_reauthenticate(request),
    }
    return render(request, "accounts/data.html", context, status=status)


@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def my_data_export(request: HttpRequest) -> HttpResponse:
    user, now = _me(request), timezone.now()
    if not throttle.consume("export", str(user.pk), limit=EXPORTS, window=EXPORTS_WINDOW, now=now):
        raise throttle.TooManyAttemptsError(retry_after=EXPORTS_WINDOW)
    told = actions.export_person(user=user, actor=actor_of(request), now=now)
    response = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="my-data-{now:%Y-%m-%d}.json"'
    return response


@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def my_data_delete(request: HttpRequest) -> HttpResponse:
    """Forget me, at once and for good."""
    user = _me(request)
    form = LeaveForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            actions.anonymise_person(user=user, actor=actor_of(request), now=timezone.now())
            logout(request)
            messages.success(request, _("We have forgotten who you are. You are signed out."))
            return redirect("home")
    return _data_page(request, form, status=400)


@login_required
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Where staff are led who may not reach the desk yet: set a second factor up, or show it."""
    if not lacks_second_factor(request):
        return redirect(_next(request) if _me(request).is_staff else "home")
    context = {"has_one": has_second_factor(_me(request)), "next": _next(request)}
    return render(request, "accounts/second_factor.html", context)


@login_required
@require_safe
def linked(request: HttpRequest) -> HttpResponse:
    """With which accounts of other services I sign in here."""
    accounts = SocialAccount.objects.filter(user=_me(request)).order_by("-last_login")
    context = {"accounts": accounts, "is_sure": did_recently_reauthenticate(request)}
    return render(request, "socialaccount/connections.html", context)


@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    account = SocialAccount.objects.filter(pk=pk, user=_me(request)).first()
    if account is None:
        raise NotFoundError
    try:
        validate_disconnect(request, account)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        actions.unlink(account=account, actor=actor_of(request), now=timezone.now())
        messages.success(request, _("The account is no longer linked to yours."))
    return redirect("linked")


@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """After the desk's session, the provider's: it sends people back to the start page."""
    configured = provider()
    if configured is None or request.user.is_authenticated:
        return redirect("home")
    door = configured.sign_out()
    return leave(request, door.leading_to(_home(), configured.client)) if door else redirect("home")


@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Whom a token stands for, as JSON. The session doesn't count here."""
    try:
        actor = bearer_of(request.headers.get("Authorization", ""), now=timezone.now())
    except DomainError as error:
        told = {"code": error.code, "message": str(error)}
        response = JsonResponse(told, status=error.status)
        if error.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = "Bearer"
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response["Retry-After"] = str(ASKED_AT_MOST_EVERY)
    else:
        response = JsonResponse(api.me(User.objects.get(pk=actor.id or 0), actor))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system says."""
    response = looks.back(request)
    chosen = request.POST.get("theme", "")
    looks.remember(response, looks.THEME_COOKIE, chosen if chosen in looks.THEMES else "")
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The pages in another language; for somebody who is signed in, their mail as well."""
    chosen = request.POST.get("language", "")
    response = looks.back(request)
    if chosen not in dict(settings.LANGUAGES):
        return response
    actor = actor_of(request)
    if actor.id is not None:
        user = User.objects.get(pk=actor.id)
        actions.edit_person(
            user=user,
            name=user.name,
            locale=chosen,
            time_zone=user.time_zone,
            actor=actor,
            now=timezone.now(),
        )
    return _in_language(response, chosen)


@require_safe
def styles(request: HttpRequest) -> HttpResponse:
    """What pages are made of, for developers; not part of a desk that people use."""
    if not settings.DEMO:
        raise NotFoundError
    badges = ("new", "open", "pending", "resolved", "spam", "note", "neutral")
    icons = (
        "alert", "arrow", "bell", "check", "chevron", "clock", "close", "device", "download",
        "file", "help", "inbox", "key", "lock", "mail", "moon", "plus", "search", "sprout", "sun",
        "trash", "user",
    )  # fmt: skip
    return render(request, "styles.html", {"badges": badges, "icon_names": icons})


def _in_language(response: HttpResponse, code: str) -> HttpResponse:
    """So that the pages stay in the language when the person signs out."""
    looks.remember(response, settings.LANGUAGE_COOKIE_NAME, code)
    return response


def _next(request: HttpRequest) -> str:
    """Where to go on to: a page of ours."""
    to = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(to, {request.get_host()}, request.is_secure())
    return to if is_ours else reverse("admin:index")


def _home() -> str:
    """As the provider knows it."""
    return f"{settings.SITE_URL}{reverse('home')}"


def _me(request: HttpRequest) -> User:
    return User.objects.select_related("organisation").get(pk=actor_of(request).id or 0)
