"""Changes of what the desk keeps of its own."""

from apps.desk.actions.counting import count_deed, place, recount
from apps.desk.actions.drafts import Composed, forget_drafts, keep_draft
from apps.desk.actions.forgetting import forget_person
from apps.desk.actions.noting import add_note, forget_mentions
from apps.desk.actions.replies import count_uses, forget_replies, save_reply, use_reply, values_for
from apps.desk.actions.sending import Sent, send_all_due, send_one, send_reply, undo_send
from apps.desk.actions.viewing import move_view, prefer, remove_view, save_view

__all__ = [
    "Composed",
    "Sent",
    "add_note",
    "count_deed",
    "count_uses",
    "forget_drafts",
    "forget_mentions",
    "forget_person",
    "forget_replies",
    "keep_draft",
    "move_view",
    "place",
    "prefer",
    "recount",
    "remove_view",
    "save_reply",
    "save_view",
    "send_all_due",
    "send_one",
    "send_reply",
    "undo_send",
    "use_reply",
    "values_for",
]
