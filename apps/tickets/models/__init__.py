from __future__ import annotations

from apps.tickets.models.catalogue import (
    Category,
    CategoryField,
    Channel,
    Level,
    PriorityRule,
    Status,
    Tag,
)
from apps.tickets.models.messages import Attachment, Message
from apps.tickets.models.ratings import Rating, Score
from apps.tickets.models.tickets import Link, Participant, Ticket, TicketTag, Waiting
from apps.tickets.models.uploads import Upload

__all__ = [
    "Attachment",
    "Category",
    "CategoryField",
    "Channel",
    "Level",
    "Link",
    "Message",
    "Participant",
    "PriorityRule",
    "Rating",
    "Score",
    "Status",
    "Tag",
    "Ticket",
    "TicketTag",
    "Upload",
    "Waiting",
]
