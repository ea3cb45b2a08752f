from __future__ import annotations

from django.db import models


class Person(models.Model):
    objects: models.Manager[Person] = models.Manager()

    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Row(models.Model):
    objects: models.Manager[Row] = models.Manager()

    owner = models.ForeignKey(Person, models.CASCADE)
    title = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=10)
    updated_at = models.DateTimeField()

    class Meta:
        # The list: one owner's, newest first.
        indexes = [models.Index(fields=["owner", "-updated_at"], name="floor_row_list")]

    def __str__(self) -> str:
        return self.title
