from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm as AllauthEmailCodeForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as AllauthSecondFactorForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts import throttle, zones
from apps.kernel.text import one_line

CODES = 5  # tries
CODES_WINDOW = timedelta(minutes=15)


class LoginForm(AllauthLoginForm):
    """allauth's form, filled in for whoever was chosen on the demo's list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.DEMO and self.request is not None:
            self.fields["login"].initial = self.request.GET.get("as", "")


class NameField(forms.CharField):
    """What to call somebody: one line, and something of it can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "name"})
        super().__init__(label=_("Your name"), max_length=120, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        name = one_line(super().clean(value))
        if not name:
            raise forms.ValidationError(_("Write a name that can be read."))
        return name


class SignupForm(AllauthSignupForm):
    """allauth's form, which also asks what to call the person."""

    name = NameField()

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


class AppForm(ActivateTOTPForm):
    """allauth's form; whoever sets an app up has shown in this session that they hold it."""

    def clean_code(self) -> str:
        code = str(super().clean_code())
        record_authentication(context.request, self.user, "mfa", type="totp")
        return code


class PasskeyForm(AddWebAuthnForm):
    """allauth's form; likewise with a key."""

    def clean(self) -> Any:
        cleaned = super().clean()
        if not self.errors and cleaned.get("credential"):
            record_authentication(context.request, self.user, "mfa", type="webauthn")
        return cleaned


class ProfileForm(forms.Form):
    """What people say of themselves."""

    name = NameField()
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
