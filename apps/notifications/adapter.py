from __future__ import annotations

import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts import actions as people
from apps.accounts import throttle, vouching
from apps.accounts.middleware import SEEN
from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.kernel.actors import SYSTEM
from apps.kernel.counting import count
from apps.kernel.text import one_line
from apps.notifications import actions

PER_ADDRESS = 5
PER_CLIENT = 50
MAILS_PER_ADDRESS = 10
WINDOW = timedelta(minutes=5)
NOWHERE = "0.0.0.0"  # noqa: S104 - no address to listen at
# Its code proves that the address works: sent also where mail came back.
_PROVES = "account/email/email_confirmation"
_COUNTED = "desk_mail_counted"


class AccountAdapter(DefaultAccountAdapter):
    """How allauth's sign-in uses the desk."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """What came over no network, as in tests, shares one address and its limits."""
        if not request.META.get("REMOTE_ADDR"):
            return NOWHERE
        return str(super().get_client_ip(request))

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """A new person is a requester, with the address in lower case."""
        user.name = one_line(form.cleaned_data.get("name", ""))
        user.email = form.cleaned_data["email"].lower()
        user.locale = translation.get_language() or settings.LANGUAGE_CODE
        super().save_user(request, user, form, commit=commit)
        if commit:
            people.set_role(user=user, role=Role.REQUESTER, actor=SYSTEM, now=timezone.now())
        return user

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        before = User.objects.values_list("email", flat=True).get(pk=email_address.user_id)
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            user, now = User.objects.get(pk=email_address.user_id), timezone.now()
            people.follow_domain(user=user, before=before, actor=SYSTEM, now=now)
            actions.clear_address(address=email_address.email, actor=SYSTEM, now=now)
        return confirmed

    def clean_email(self, email: str) -> str:
        """Count what strangers type at sign-up and at "forgot": each sends somebody a mail.

        Allauth's own limits live in the cache, which each process may have for itself. It asks
        here twice when it makes somebody, and once when the address is known: once counts.
        """
        if self.request is None or self.request.user.is_authenticated:
            return email
        if self.request.META.get(_COUNTED):
            return email
        self.request.META[_COUNTED] = True
        now, address = timezone.now(), email.strip().lower()
        client = self.get_client_ip(self.request)
        room = throttle.consume("mail-client", client, limit=PER_CLIENT, window=WINDOW, now=now)
        if not room or not throttle.consume(
            "mail-address", address, limit=MAILS_PER_ADDRESS, window=WINDOW, now=now
        ):
            raise throttle.TooManyAttemptsError(retry_after=WINDOW)
        return email

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """With passwords of its own; whom a provider vouches for doesn't come this way."""
        return bool(settings.LOCAL_ACCOUNTS)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Asked while the session is still there: whoever came through a provider leaves it too."""
        records = get_authentication_records(request, request.user)
        if any(record["method"] == "socialaccount" for record in records):
            return reverse("signed_out")
        return str(super().get_logout_redirect_url(request))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt before the password is looked at, whoever the address belongs to."""
        if not settings.LOCAL_ACCOUNTS:
            raise ValidationError(_("This desk has no passwords of its own."))
        now = timezone.now()
        client = self.get_client_ip(request)
        address = str(credentials.get("email", "")).strip().lower()
        room = throttle.consume("login-client", client, limit=PER_CLIENT, window=WINDOW, now=now)
        if not room or not throttle.consume(
            "login-address", address, limit=PER_ADDRESS, window=WINDOW, now=now
        ):
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        """Allauth takes its own count back after a success; ours goes in `login`."""

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002
        """Whoever chose a new password by mail may use it at once."""
        throttle.reset("login-address", str(credentials["email"]).lower())

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        now = timezone.now()
        request.session[SEEN] = int(now.timestamp())
        vouching.begin(request, user, now=now)
        count("SignIns")
        throttle.reset("login-address", user.email)
        # A whole office may sign in from behind one address.
        throttle.give_back("login-client", self.get_client_ip(request))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """What was changed on an account, in its owner's language."""
        super().send_notification_mail(
            template_prefix, user, {"user": user, **(context or {})}, email
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the desk's outgoing mail: no request waits for a mail server."""
        person = context.get("user")
        known = person.locale if isinstance(person, User) else ""
        with translation.override(known or translation.get_language()):
            self._queue(template_prefix, email, context)

    def _queue(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = SimpleNamespace(name=settings.DESK_NAME, domain=settings.SITE_HOST)
        told = {"current_site": site, "desk_name": settings.DESK_NAME, "email": email, **context}
        message = self.render_mail(template_prefix, email, told)
        html = message.alternatives[0][0] if message.alternatives else _framed(message)
        now = timezone.now()
        content = f"{template_prefix}:{email}:{message.body}:{now.isoformat()}"
        actions.queue_mail(
            key=f"account:{hashlib.sha256(content.encode()).hexdigest()[:40]}",
            to=email.lower(),
            subject=message.subject,
            text=str(message.body),
            html=str(html),
            headers={"Auto-Submitted": "auto-generated"},
            insists=template_prefix.startswith(_PROVES),
            now=now,
        )


def _framed(message: EmailMultiAlternatives) -> str:
    """The text of a mail for which we have no page of our own, its footer set apart."""
    text, _, footer = str(message.body).rpartition("\n--\n")
    context = {"text": text.strip(), "footer": footer.strip(), "desk_name": settings.DESK_NAME}
    return render_to_string("account/email/base_message.html", context)
