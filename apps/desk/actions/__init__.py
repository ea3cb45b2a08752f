"""Every change of the desk's own rows is one of these verbs."""

from apps.desk.actions.drafts import forget_drafts, keep_draft
from apps.desk.actions.noting import add_note, forget_mentions
from apps.desk.actions.replies import count_uses, forget_replies, save_reply
from apps.desk.actions.sending import Sent, send_all_due, send_one, send_reply, undo_send

__all__ = [
    "Sent",
    "add_note",
    "count_uses",
    "forget_drafts",
    "forget_mentions",
    "forget_replies",
    "keep_draft",
    "save_reply",
    "send_all_due",
    "send_one",
    "send_reply",
    "undo_send",
]
