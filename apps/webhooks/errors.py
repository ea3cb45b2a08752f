from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class WebhookRefusedError(DomainError):
    code = "webhook.refused"


class WebhookIsOffError(DomainError):
    code = "webhook.off"
    status = 409
    message = _("This webhook is off. Switch it on first.")
