from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from apps.portal.models import Deflection  # noqa: F401 - named in the base below


class DeflectionQuerySet(models.QuerySet["Deflection"]):
    def due(self, *, before: datetime) -> Self:
        return self.filter(settled_at=None, opened_at__lte=before)
