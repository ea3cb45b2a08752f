from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class WebhookRefusedError(DomainError):
    code = "webhook.refused"


class SecretIsNewError(DomainError):
    code = "webhook.secret_is_new"
    status = 409
    message = _(
        "Its secret was changed less than a day ago, and the one before is still promised to be"
        " good. Change it again tomorrow, or make another webhook."
    )


class WebhookIsOffError(DomainError):
    code = "webhook.off"
    status = 409
    message = _("This webhook is off. Switch it on first.")
