from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class RebuildUnderWayError(DomainError):
    code = "search.rebuild-under-way"
    status = 409
    message = _("The index is being built anew already. Wait until that has ended.")
