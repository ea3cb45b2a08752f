from __future__ import annotations

from django.db import models


class ChoreRun(models.Model):
    """When a chore is due next. Whoever moves `due_at` first sends the job."""

    name = models.CharField(max_length=60, unique=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
