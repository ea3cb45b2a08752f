from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from apps.accounts.models import User


def send_way_in(request: HttpRequest, user: User) -> None:
    """Mail an invited person the link by which they choose a password."""
    form = ResetPasswordForm(data={"email": user.email})
    if form.is_valid():
        form.save(request)
