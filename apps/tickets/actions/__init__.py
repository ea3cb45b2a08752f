"""Every change of a ticket is one of these verbs."""

from apps.tickets.actions.assigning import auto_assign, hand_back, relieve
from apps.tickets.actions.delivery import mark_delivery, note_delivered
from apps.tickets.actions.linking import link, set_parent, unlink
from apps.tickets.actions.merging import merge, split, unmerge
from apps.tickets.actions.raising import raise_ticket
from apps.tickets.actions.rating import ask_for_rating, rate
from apps.tickets.actions.redacting import redact_attachment, redact_message
from apps.tickets.actions.reference import save_reference
from apps.tickets.actions.scanning import (
    claim_scan,
    give_scan_back,
    record_missing,
    record_scan,
)
from apps.tickets.actions.sorting import (
    categorise,
    declare_major_incident,
    edit,
    override_priority,
    prioritise,
    tag,
)
from apps.tickets.actions.statuses import change_status, close, reopen, solve, wake
from apps.tickets.actions.uploading import (
    check_room,
    discard_abandoned,
    discard_upload,
    keep_upload,
)
from apps.tickets.actions.watching import unwatch, watch
from apps.tickets.actions.working import assign, take
from apps.tickets.actions.writing import note, reply

__all__ = [
    "ask_for_rating",
    "assign",
    "auto_assign",
    "categorise",
    "change_status",
    "check_room",
    "claim_scan",
    "close",
    "declare_major_incident",
    "discard_abandoned",
    "discard_upload",
    "edit",
    "give_scan_back",
    "hand_back",
    "keep_upload",
    "link",
    "mark_delivery",
    "merge",
    "note",
    "note_delivered",
    "override_priority",
    "prioritise",
    "raise_ticket",
    "rate",
    "record_missing",
    "record_scan",
    "redact_attachment",
    "redact_message",
    "relieve",
    "reopen",
    "reply",
    "save_reference",
    "set_parent",
    "solve",
    "split",
    "tag",
    "take",
    "unlink",
    "unmerge",
    "unwatch",
    "wake",
    "watch",
]
