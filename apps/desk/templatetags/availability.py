"""`{% load availability %}{% my_availability %}`: the compact control, for the desk's frame."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from apps.accounts.access import availability_at
from apps.accounts.middleware import actor_of
from apps.accounts.models import AgentState
from apps.accounts.permissions import Permission

register = template.Library()


@register.inclusion_tag("desk/availability.html", takes_context=True)
def my_availability(context: template.Context) -> dict[str, Any]:
    """One query; shows nothing to who doesn't work on tickets."""
    request = context["request"]
    actor = actor_of(request)
    if not actor.can(Permission.WORK_TICKETS):
        return {}
    state = AgentState.objects.filter(user=actor.id).first()
    kept, until = (state.availability, state.until) if state else (None, None)
    now = timezone.now()
    return {
        "availability": availability_at(kept, until, now),
        "until": until if until is not None and until > now else None,
        "choices": AgentState.Availability.choices,
        "here": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
