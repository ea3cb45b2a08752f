"""What the demo's agents say often, kept as their saved replies."""

from __future__ import annotations

from datetime import datetime

from apps.accounts.access import actor_for
from apps.accounts.models import TeamMember, User
from apps.accounts.permissions import Role
from apps.desk import actions
from apps.desk.models import SavedReply

_REGARDS = "Kind regards,\n{{agent.first_name}}"
_EVERYBODYS = (
    (
        "We need a little more",
        "more",
        (
            "Hello {{requester.first_name}},\n\n"
            "so that we can look into {{ticket.number}}, please tell us"
            f" when it happened and what you saw on the screen.\n\n{_REGARDS}, {{{{team.name|us}}}}"
        ),
    ),
    (
        "It is solved",
        "solved",
        (
            "Hello {{requester.first_name}},\n\n"
            "this is done now. Should anything still be wrong, just"
            f" answer here: you find everything at {{{{ticket.url}}}}.\n\n{_REGARDS}"
        ),
    ),
    (
        "We are looking into it",
        "looking",
        (
            "Hello {{requester.first_name}},\n\n"
            "we are looking into it and will write again by the end"
            f" of the next working day.\n\n{_REGARDS}"
        ),
    ),
)
_TEAMS = (
    "Handing over",
    "over",
    "Seen by {{team.name}}. What we know so far:\n\n- \n\nWhat is still to do:\n\n- ",
)


def keep_sayings(*, now: datetime) -> None:
    """Through the desk's own verbs, as people would."""
    administrator = User.objects.filter(groups__name=Role.ADMINISTRATOR).order_by("pk").first()
    if administrator is None:
        return
    actor = actor_for(administrator)
    for title, shortcut, body in _EVERYBODYS:
        actions.save_reply(
            reply=None,
            title=title,
            shortcut=shortcut,
            body=body,
            scope=SavedReply.Scope.GLOBAL,
            actor=actor,
            now=now,
        )
    title, shortcut, body = _TEAMS
    for lead in TeamMember.objects.filter(is_lead=True).select_related("team", "user"):
        actions.save_reply(
            reply=None,
            title=f"{lead.team}: {title.lower()}",
            shortcut=shortcut,
            body=body,
            scope=SavedReply.Scope.TEAM,
            team=lead.team,
            actor=actor_for(lead.user),
            now=now,
        )
