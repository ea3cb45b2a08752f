"""The embedded store of figures: apps.insights.figures.database alone reads and writes it."""

from __future__ import annotations

from django.db import models


class MinuteFigures(models.Model):
    """What happened in one minute. `facts` are the ids of those that have been counted."""

    minute = models.DateTimeField(primary_key=True)
    counts = models.JSONField(default=dict)
    facts = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}"


class ShardPlace(models.Model):
    """How far a shard of the stream has been read, and who reads it now."""

    shard = models.CharField(max_length=400, primary_key=True)
    position = models.CharField(max_length=200, null=True)
    ended = models.BooleanField(default=False)
    owner = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.shard
