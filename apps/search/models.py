"""The index of SEARCH_URL=database:. Written by apps.search.adapters only.

Beside these columns PostgreSQL has `vector` (tsvector) and SQLite a table for full text each; both
are made by the adapter, in a migration and whenever the index is built anew.
"""

from __future__ import annotations

from django.db import models


class TicketDocument(models.Model):
    """A face of a ticket: the id is twice the ticket's, plus one for what only staff read."""

    id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"face {self.pk % 2} of ticket {self.pk // 2}"


class ArticleDocument(models.Model):
    """Likewise of an article."""

    id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"face {self.pk % 2} of article {self.pk // 2}"


class Word(models.Model):
    """A word that some document held when it was indexed: what a typo may have meant."""

    word = models.CharField(max_length=30, primary_key=True)
    stem = models.CharField(max_length=30, db_index=True)  # what no document holds any more

    def __str__(self) -> str:
        return self.word
