"""What a role may do. Names say verb_noun; roles are Django groups that hold them."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """Stored as Django permissions on accounts.User, checked with `actor.can(...)`."""

    WORK_TICKETS = "work_tickets"
    OVERRIDE_PRIORITIES = "override_priorities"
    DECLARE_MAJOR_INCIDENTS = "declare_major_incidents"
    REDACT_MESSAGES = "redact_messages"
    SEE_PRIVATE_TEAMS = "see_private_teams"
    WRITE_ARTICLES = "write_articles"
    PUBLISH_ARTICLES = "publish_articles"
    MANAGE_DESK = "manage_desk"
    MANAGE_PEOPLE = "manage_people"


DESCRIPTIONS = {
    Permission.WORK_TICKETS: "Work on tickets: read, answer, assign, change status",
    Permission.OVERRIDE_PRIORITIES: "Override a priority, giving a reason",
    Permission.DECLARE_MAJOR_INCIDENTS: "Declare a major incident",
    Permission.REDACT_MESSAGES: "Redact messages and attachments",
    Permission.SEE_PRIVATE_TEAMS: "See the tickets of private teams without being a member",
    Permission.WRITE_ARTICLES: "Draft and revise knowledge articles",
    Permission.PUBLISH_ARTICLES: "Publish, schedule and retire articles; keep their categories",
    Permission.MANAGE_DESK: "Manage categories, statuses and deliveries",
    Permission.MANAGE_PEOPLE: "Manage users, organisations and teams; export and anonymise people",
}


class Role(StrEnum):
    REQUESTER = "requester"
    AGENT = "agent"
    TEAM_LEAD = "team lead"
    ADMINISTRATOR = "administrator"


_AGENT = frozenset({Permission.WORK_TICKETS, Permission.WRITE_ARTICLES})
_LEAD = _AGENT | {
    Permission.OVERRIDE_PRIORITIES,
    Permission.DECLARE_MAJOR_INCIDENTS,
    Permission.REDACT_MESSAGES,
    Permission.PUBLISH_ARTICLES,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.REQUESTER: frozenset(),
    Role.AGENT: _AGENT,
    Role.TEAM_LEAD: _LEAD,
    Role.ADMINISTRATOR: frozenset(Permission),
}

# Who may enter the admin.
STAFF_ROLES = frozenset({Role.AGENT, Role.TEAM_LEAD, Role.ADMINISTRATOR})


class Scope(StrEnum):
    """What an API token may be used for, at most: its owner's role still limits it."""

    REQUESTER = "requester"
    WORK = "work"
    MANAGE = "manage"


SCOPES: dict[Scope, frozenset[Permission]] = {
    Scope.REQUESTER: frozenset(),
    Scope.WORK: _LEAD | {Permission.SEE_PRIVATE_TEAMS},
    Scope.MANAGE: frozenset({Permission.MANAGE_DESK, Permission.MANAGE_PEOPLE}),
}
