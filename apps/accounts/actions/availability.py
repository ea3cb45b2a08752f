from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.accounts import events
from apps.accounts.access import can_set_availability, permissions_of
from apps.accounts.errors import AvailabilityRefusedError
from apps.accounts.models import AgentState, User
from apps.accounts.permissions import Permission
from apps.events import journal
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError


@transaction.atomic
def set_availability(
    *,
    user: User,
    availability: str,
    actor: Actor,
    now: datetime,
    until: datetime | None = None,
    note: str = "",
) -> AgentState:
    """Say whether an agent takes new tickets, and when they are back if they aren't."""
    if not can_set_availability(actor, user):
        raise ForbiddenError
    wanted = AgentState.Availability(availability)
    is_absence = wanted != AgentState.Availability.AVAILABLE
    until, note = (until, " ".join(note.split())[:120]) if is_absence else (None, "")
    if until is not None and until <= now:
        raise AvailabilityRefusedError("Choose a time in the future for the return.")
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if is_absence and Permission.WORK_TICKETS not in permissions_of(user):
        raise AvailabilityRefusedError("This person doesn't work on tickets.")
    state = AgentState.objects.filter(user=user).first()
    before = state.availability if state else AgentState.Availability.AVAILABLE.value
    state = state or AgentState(user=user, availability=before)
    if (before, state.until, state.note) == (wanted.value, until, note):
        return state
    state.availability, state.until, state.note = wanted.value, until, note
    state.changed_at = now
    state.save()
    fact = events.AgentAvailabilityChanged(
        subject=events.subject_of(user.pk),
        availability_from=before,
        availability_to=wanted.value,
        until=until.isoformat() if until else "",
    )
    journal.record(fact, actor=actor, now=now)
    return state


@transaction.atomic
def end_absence(*, user: User, actor: Actor, now: datetime) -> None:
    """Back, if the absence still ends by now: somebody may have prolonged it meanwhile."""
    due = AgentState.objects.select_for_update().filter(user=user, until__lte=now)
    if due.exists():
        available = AgentState.Availability.AVAILABLE
        set_availability(user=user, availability=available, actor=actor, now=now)
