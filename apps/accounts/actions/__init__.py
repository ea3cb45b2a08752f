"""Every change of people, organisations, teams and tokens is one of these verbs."""

from apps.accounts.actions.availability import end_absence, set_availability
from apps.accounts.actions.groups import save_organisation, save_team, set_assignment
from apps.accounts.actions.identity import admit, unlink
from apps.accounts.actions.people import (
    edit_person,
    follow_domain,
    invite,
    join_by_domain,
    place,
    set_active,
    set_role,
)
from apps.accounts.actions.privacy import anonymise_person, export_person
from apps.accounts.actions.tokens import authenticate_token, issue_token, revoke_token

__all__ = [
    "admit",
    "anonymise_person",
    "authenticate_token",
    "edit_person",
    "end_absence",
    "export_person",
    "follow_domain",
    "invite",
    "issue_token",
    "join_by_domain",
    "place",
    "revoke_token",
    "save_organisation",
    "save_team",
    "set_active",
    "set_assignment",
    "set_availability",
    "set_role",
    "unlink",
]
