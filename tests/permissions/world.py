"""One private ticket with everything on it, an article for staff, a value for each converter."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts import actions as people
from apps.accounts.models import User
from apps.accounts.permissions import Scope
from apps.desk import actions as desk
from apps.events.models import Delivery, Event
from apps.kernel.actors import SYSTEM
from apps.knowledge.models import Article, ArticleImage
from apps.mail.models import IncomingMail
from apps.notifications import actions as mail
from apps.notifications.models import OutgoingMail, Recipient
from apps.notifications.unsubscribe import unsubscribe_url
from apps.ops.models import ChoreRun
from apps.tickets import actions, files, ratings
from apps.tickets.models import Attachment, PriorityRule, Status, Ticket
from apps.webhooks import actions as webhooks
from apps.webhooks.models import WebhookDelivery
from tests.cast import Cast
from tests.knowledge.shelf import handbook, out
from tests.support import NOON

ABSENT_REF = "0" * 16
ABSENT_ID = "987654321"
_OF_THE_QUEUE = {
    "admin/tickets/ticket/bulk/": {"ticket": "1", "do": "take"},
    "admin/tickets/ticket/views/": {"name": "A view", "do": "save"},
}


@dataclass(frozen=True, slots=True)
class World:
    people: dict[str, User | None]
    ticket: Ticket
    attachment: Attachment
    article: Article
    image: ArticleImage
    ids: dict[str, int]
    token: str
    rating_token: str

    def at(self, route: str) -> dict[str, str]:
        """What stands for the converters of a route."""
        for model, pk in self.ids.items():
            if route.startswith(f"admin/{model}/"):
                panel = "review" if model.startswith("knowledge/") else "take"
                return {"object_id": str(pk), "pk": str(pk), "panel": panel}
        refs = {"files/": self.attachment.ref, "help/images/": self.image.ref}
        read = self.article.slug
        slugs = {"help/articles/": read, "help/<": "handbook", "new/read/": read}
        return {
            "ref": _where(route, refs, self.ticket.ref),
            "slug": _where(route, slugs, "lost-card"),
            "token": _where(route, {"rate/": self.rating_token}, self.token),
            "name": "absent",
            "object_id": "1",
            "content_type_id": "1",
            "key": "absent",
            "uidb36": "1",
            "app_label": "tickets",
            "url": "absent",
            "pk": "1",
            "provider_id": "absent",
        }

    def absent(self, route: str) -> dict[str, str]:
        there = self.at(route)
        nothing = {"ref": ABSENT_REF, "object_id": ABSENT_ID, "pk": ABSENT_ID, "slug": "absent"}
        return {key: nothing.get(key, value) for key, value in there.items()}

    def data(self, route: str) -> dict[str, Any]:
        """A form that the owner, or an agent, could send there."""
        about = self.article if route.startswith("admin/knowledge/") else self.ticket
        return {
            "subject": "A subject",
            "text": "A text",
            "submission": str(uuid.uuid4()),
            "version": str(about.version),
            "helpful": "yes",
            "title": "A title",
            "source": "An article",
            "base": "1",
            "audience": "public",
            "language": "en",
            "score": "5",
            "reply": str(self.ids["desk/savedreply"]),
            "seen": ABSENT_ID,  # whatever was said, they have read it
            "answered": self.article.slug,
            **({"file": SimpleUploadedFile("a.txt", b"a")} if route == "uploads/" else {}),
            **_OF_THE_QUEUE.get(route, {}),
        }


def _where(route: str, values: dict[str, str], otherwise: str) -> str:
    return next((v for start, v in values.items() if route.startswith(start)), otherwise)


def _rating_token(cast: Cast) -> str:
    """For a solving of this hour: links to old ones are good no longer."""
    now, rachel = timezone.now(), cast.actor(cast.rachel)
    solved = actions.raise_ticket(
        requester=cast.rachel, subject="Solved", text="T", actor=rachel, now=now
    )
    solved = actions.solve(ticket=solved, actor=rachel, now=now)
    return ratings.token_for(solved)


def _webhook(cast: Cast) -> WebhookDelivery:
    """One that waits to be sent."""
    ada = cast.actor(cast.ada)
    row = webhooks.save_endpoint(
        endpoint=None,
        name="CRM",
        url="https://hooks.example.com/",
        facts=["ticket.raised"],
        internal=False,
        organisation=None,
        actor=ada,
        now=NOON,
    )
    return webhooks.ping(endpoint=row, actor=ada, now=NOON)


def make_world(cast: Cast) -> World:
    owner = cast.actor(cast.rachel)
    stored = files.store(SimpleUploadedFile("note.txt", b"plain"))
    ticket = actions.raise_ticket(
        requester=cast.rachel,
        subject="Secret",
        text="T",
        attachments=[stored],
        actor=owner,
        now=NOON,
    )
    ticket = actions.assign(ticket=ticket, team=cast.fraud, assignee=None, actor=SYSTEM, now=NOON)
    token, _key = people.issue_token(
        owner=cast.ada,
        name="t",
        scopes=[Scope.WORK],
        expires_at=NOON + timedelta(days=1),
        actor=cast.actor(cast.ada),
        now=NOON,
    )
    mail.queue_mail(key="k", to="x@example.com", subject="S", text="T", html="", now=NOON)
    incoming = IncomingMail.objects.create(
        store="folder", key="one.eml", received_at=NOON, due_at=NOON
    )
    recipient = Recipient.objects.create(address="x@example.com")
    article = out(cast, category=handbook(cast), audience="internal", text="![A](image:{ref})")
    chore = ChoreRun.objects.create(name="one", due_at=NOON)
    saved = desk.save_reply(
        reply=None, title="T", body="B", scope="global", actor=cast.actor(cast.ada), now=NOON
    )
    return World(
        people={
            "n": None,
            "o": cast.rachel,
            "c": cast.ross,
            "f": cast.oscar,
            "m": cast.monica,
            "a": cast.fay,
            "x": cast.alice,
            "l": cast.lena,
            "A": cast.ada,
        },
        ticket=ticket,
        attachment=Attachment.objects.get(),
        article=article,
        image=ArticleImage.objects.get(),
        ids={
            "tickets/ticket": ticket.pk,
            "tickets/category": cast.lost_card.pk,
            "tickets/status": Status.objects.first().pk,  # type: ignore[union-attr]
            "tickets/priorityrule": PriorityRule.objects.first().pk,  # type: ignore[union-attr]
            "accounts/user": cast.oscar.pk,
            "accounts/organisation": cast.acme.pk,
            "accounts/team": cast.cards.pk,
            "accounts/apitoken": token.pk,
            "events/event": Event.objects.first().pk,  # type: ignore[union-attr]
            "events/delivery": Delivery.objects.first().pk,  # type: ignore[union-attr]
            "notifications/outgoingmail": OutgoingMail.objects.get().pk,
            "notifications/recipient": recipient.pk,
            "mail/incomingmail": incoming.pk,
            "ops/chorerun": chore.pk,
            "desk/savedreply": saved.pk,
            "knowledge/article": article.pk,
            "webhooks/endpoint": (hook := _webhook(cast)).endpoint_id,
            "webhooks/webhookdelivery": hook.pk,
            "knowledge/knowledgecategory": article.category_id or 0,
        },
        token=unsubscribe_url(cast.rachel).rstrip("/").rpartition("/")[2],
        rating_token=_rating_token(cast),
    )
