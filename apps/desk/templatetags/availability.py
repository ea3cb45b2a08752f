"""`{% load availability %}{% my_availability %}`: one's own state, to change with one click."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from apps.accounts.access import availability_of
from apps.accounts.middleware import actor_of, person_of
from apps.accounts.models import AgentState
from apps.accounts.permissions import Permission

register = template.Library()


@register.inclusion_tag("desk/availability.html", takes_context=True)
def my_availability(context: template.Context) -> dict[str, Any]:
    """Shows nothing to who doesn't work on tickets."""
    request = context["request"]
    if not actor_of(request).can(Permission.WORK_TICKETS):
        return {}
    state, until = availability_of(person_of(request), timezone.now())
    return {
        "availability": state,
        "until": until,
        "choices": AgentState.Availability.choices,
        "here": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }
