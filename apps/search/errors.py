from __future__ import annotations

from apps.kernel.errors import DomainError


class RebuildUnderWayError(DomainError):
    code = "search.rebuild-under-way"
    status = 409
    message = "The index is being built anew already. Wait until that has ended."
