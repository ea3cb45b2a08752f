"""Changes of what the desk keeps of its own."""

from apps.desk.actions.counting import count_deed, place, recount
from apps.desk.actions.forgetting import forget_person
from apps.desk.actions.viewing import move_view, prefer, remove_view, save_view

__all__ = [
    "count_deed",
    "forget_person",
    "move_view",
    "place",
    "prefer",
    "recount",
    "remove_view",
    "save_view",
]
