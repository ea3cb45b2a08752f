"""Chores of the portal; apps.ops.chores says when they run."""

from __future__ import annotations

from django.utils import timezone

from apps.events.jobs import chore
from apps.kernel.actors import SYSTEM
from apps.portal import actions
from apps.portal.models import Deflection

BATCH = 500


@chore
def settle_deflections() -> None:
    """Decide about visits that are a day old."""
    now = timezone.now()
    due = Deflection.objects.due(before=now - actions.WINDOW).order_by("opened_at")
    for opening in due[:BATCH]:
        actions.settle(opening=opening, actor=SYSTEM, now=now)
