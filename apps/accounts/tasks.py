from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.accounts import actions, throttle
from apps.accounts.models import AgentState
from apps.events.jobs import chore
from apps.kernel.actors import SYSTEM


@chore
def prune_throttles() -> None:
    throttle.prune(before=timezone.now() - timedelta(days=1))


@chore
def end_absences() -> None:
    """Agents whose absence ends are available again."""
    now = timezone.now()
    due = AgentState.objects.filter(until__lte=now).select_related("user").order_by("until")
    for state in due[:500]:
        actions.end_absence(user=state.user, actor=SYSTEM, now=now)
