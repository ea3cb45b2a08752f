"""Message-IDs of a ticket's conversation, as the desk's actions give them."""

from __future__ import annotations

from django.conf import settings

from apps.kernel import references
from apps.tickets.mail_ids import root_message_id, thread


class Thread:
    """The conversation of one ticket while it is played."""

    def __init__(self, ticket_ref: str) -> None:
        self._ref = ticket_ref
        self._said: list[str] = []

    def add(self, number: int, *, is_public: bool) -> dict[str, str]:
        """The mail fields of its next message; `number` makes its Message-ID."""
        made = references.message_id(
            ticket_ref=self._ref,
            message=number,
            key=settings.SECRET_KEY,
            domain=settings.MAIL_DOMAIN,
        )
        if not is_public:
            return {"message_id": made}
        in_reply_to, earlier = thread(root_message_id(self._ref), self._said)
        self._said.append(made)
        return {"message_id": made, "in_reply_to": in_reply_to, "references": earlier}
