from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.accounts import throttle


@shared_task
def prune_throttles() -> None:
    throttle.prune(before=timezone.now() - timedelta(days=1))
