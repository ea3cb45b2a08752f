"""What a postman does: carry facts to mails, mails to the folder, and read them there."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from django.utils import timezone

from apps.events import relay
from apps.notifications import actions, tasks
from apps.notifications.models import OutgoingMail
from tests.support import NOON


def hear(*, now: datetime | None = None) -> None:
    """Deliver all that is recorded, and make mails of what is due by then."""
    while claims := relay.claim_due(now=timezone.now()):
        for claim in claims:
            assert relay.deliver(claim)
    while actions.compose_next(now=now or timezone.now() + timedelta(hours=1)):
        pass
    OutgoingMail.objects.filter(state="queued").update(due_at=NOON)


def mails(outbox: Path) -> dict[str, EmailMessage]:
    """The newest mail to each address."""
    tasks.send_due()
    found: dict[str, EmailMessage] = {}
    for path in sorted(outbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
        parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        found[str(parsed["To"])] = parsed
    return found


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
