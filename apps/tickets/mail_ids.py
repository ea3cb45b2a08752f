from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.conf import settings

from apps.kernel import references

REFERENCES = 20  # Message-IDs of earlier messages that a mail names, the newest ones


def new_message_id(ticket_ref: str) -> str:
    """A Message-ID of ours for a new message; random, so that it is known before the row's id."""
    return references.message_id(
        ticket_ref=ticket_ref,
        message=secrets.randbits(62) + 1,  # 0 is the ticket's own: the root of its thread
        key=settings.SECRET_KEY,
        domain=settings.MAIL_DOMAIN,
    )


def root_message_id(ticket_ref: str) -> str:
    """What every mail about a ticket refers to, so that mail programs show them as one thread."""
    return references.message_id(
        ticket_ref=ticket_ref, message=0, key=settings.SECRET_KEY, domain=settings.MAIL_DOMAIN
    )


def thread(root: str, earlier: Sequence[str]) -> tuple[str, str]:
    """In-Reply-To and References of a message after `earlier` ones, the oldest first. Pure."""
    line = [root, *earlier[-REFERENCES:]]
    return line[-1], " ".join(line)
