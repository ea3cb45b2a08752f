from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm as AllauthEmailCodeForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as AllauthSecondFactorForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts import throttle, zones

CODES = 5  # tries
CODES_WINDOW = timedelta(minutes=15)


class LoginForm(AllauthLoginForm):
    """allauth's form, filled in for whoever was chosen on the demo's list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.DEMO and self.request is not None:
            self.fields["login"].initial = self.request.GET.get("as", "")


class SignupForm(AllauthSignupForm):
    """allauth's form, which also asks what to call the person."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ("name", "email", "password1")

    def try_save(self, request: HttpRequest) -> Any:
        """For a known address nothing is kept, but the password is hashed all the same.

        Else the time that the answer takes would tell that the address is known.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class EmailCodeForm(AllauthEmailCodeForm):
    """allauth's form; guesses are counted before they are looked at.

    Allauth counts in the session, which parallel requests all read before one of them writes it.
    Per session, so that nobody can use up the tries of an address that isn't theirs.
    """

    def clean_code(self) -> Any:
        _count_guess("email-code", str(context.request.session.session_key))
        return super().clean_code()


class SecondFactorForm(AllauthSecondFactorForm):
    """allauth's form; guesses are counted for all processes, not for each."""

    def clean_code(self) -> Any:
        _count_guess("second-factor", str(self.user.pk))
        code = super().clean_code()
        throttle.reset("second-factor", str(self.user.pk))
        return code


class ProfileForm(forms.Form):
    """What people say of themselves."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    locale = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of the pages and of the mail that we send you."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zones.choices,
        help_text=_("Times on the pages and in mail are shown in it."),
    )


class LeaveForm(forms.Form):
    """Somebody wants to be forgotten, and has read what that means."""

    sure = forms.BooleanField(label=_("I understand that this can't be undone."))


def _count_guess(scope: str, key: str) -> None:
    now = timezone.now()
    if not throttle.consume(scope, key, limit=CODES, window=CODES_WINDOW, now=now):
        raise throttle.TooManyAttemptsError(retry_after=CODES_WINDOW)
