"""The marks that a document carries beside its text: who may read it, and its properties."""

from __future__ import annotations

STAFF = "staff"  # any of the staff may read this face, unless the team is hidden from them
EVERYBODY = "everybody"
ACTIVE = "active"  # whatever is still going on
OVER = "over"
MAJOR = "major"
HAS_FILE = "file"


def reader(user_id: int) -> str:
    """The requester and whoever takes part may read this face."""
    return f"reader{user_id}"


def readers_of(organisation_id: int) -> str:
    return f"organisation{organisation_id}"


def organisation(organisation_id: int) -> str:
    return f"of{organisation_id}"


def requester(user_id: int) -> str:
    return f"from{user_id}"


def watcher(user_id: int) -> str:
    """Who takes part, on every face: this narrows a list, and lets nobody read."""
    return f"watcher{user_id}"


def behind(team_id: int | None) -> str:
    """Of this team, and holds only what customers read: for staff who may read no more of it."""
    return f"behind{team_id or 0}"


def held(user_id: int | None) -> str:
    """Its assignee finds such a face's fuller twin."""
    return f"held{user_id or 0}"


def assignee(user_id: int | None) -> str:
    return f"assignee{user_id or 0}"


def team(team_id: int | None) -> str:
    return f"team{team_id or 0}"


def category(category_id: int | None) -> str:
    return f"category{category_id or 0}"


def tag(tag_id: int) -> str:
    return f"tag{tag_id}"


def status(status_id: int) -> str:
    return f"status{status_id}"


def standing(status_category: str) -> str:
    return f"is{status_category.replace('_', '')}"


def is_of_status(name: str) -> bool:
    return name in {ACTIVE, OVER} or name.startswith(("is", "status"))


def priority(level: int) -> str:
    return f"p{level}"
