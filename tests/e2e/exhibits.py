"""What a desk has when it was used for a while, for the pages that would be empty in a demo.

This runs inside the desk (`Desk.run`), through its own actions with the time passed in. What its
workers would take meanwhile is one transaction: they see what is finished.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.accounts.access import actor_for
from apps.accounts.models import Team, User
from apps.desk.models import SavedReply
from apps.events import journal
from apps.events.models import Event
from apps.kernel import aws
from apps.kernel.actors import Actor
from apps.knowledge.models import Article
from apps.mail import actions as incoming
from apps.mail.inbox import inbox
from apps.mail.inbox.s3 import PREFIX
from apps.mail.models import IncomingMail
from apps.notifications import actions as notifications
from apps.notifications.models import Recipient
from apps.ops import actions as ops
from apps.ops.broker import address
from apps.ops.broker.queue import LeaseQueue
from apps.tickets import actions as tickets
from apps.tickets import ratings
from apps.tickets.models import Category, Ticket
from apps.webhooks import actions as webhooks
from apps.webhooks.models import Endpoint, WebhookDelivery
from apps.webhooks.posting import Answer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OK = Answer(200, '{"ok": true}')
HEARD = ("ticket.closed", "ticket.merged")  # which nobody does while one looks


def places(*, customer: str, administrator: str) -> dict[str, object]:
    """What the braces in an address of test_looks.PAGES stand for. Both are e-mail addresses."""
    now = timezone.now()
    ada = actor_for(User.objects.get(email=administrator))
    return {
        **_of_the_demo(User.objects.get(email=customer), now),
        **_webhooks(ada, now),
        **_mail_that_came_back(now),
        **_incoming_mail(ada, now),
        **_jobs_given_up(now),
    }


def _of_the_demo(customer: User, now: datetime) -> dict[str, object]:
    me = actor_for(customer)
    solved = tickets.raise_ticket(
        requester=customer,
        subject="Our second card reader",
        text="It arrived, and it works. Thank you!",
        actor=me,
        now=now,
    )
    solved = tickets.solve(ticket=solved, actor=me, now=now)
    by_length = Ticket.objects.annotate(said=Count("messages")).order_by("-said", "pk")
    busy = by_length.filter(team__name="Cards").active()[0]
    article = Article.objects.annotate(written=Count("revisions")).order_by("-written", "pk")[0]
    assert article.category is not None
    return {
        "topic": "card-not-arrived",
        "request": by_length.raised_by(customer.pk)[0].ref,
        "rating": ratings.token_for(solved),
        "number": busy.pk,
        "other": Ticket.objects.active().filter(team=busy.team).exclude(pk=busy.pk)[0].pk,
        "article": article.slug,
        "article_pk": article.pk,
        "shelf": article.category.slug,
        "reply": SavedReply.objects.filter(owner=None, team=None)[0].pk,
        "person": customer.pk,
        "team": Team.objects.get(name="Cards").pk,
        "category": Category.objects.get(slug="card-not-arrived").pk,
    }


@transaction.atomic
def _webhooks(ada: Actor, now: datetime) -> dict[str, object]:
    """One that works, with a hitch now and then, and one that was switched off after five days."""
    old = _register("Old intranet", "https://intranet.larkmere.example/hooks/desk", ada, now)
    at = old.created_at
    while Endpoint.objects.active().filter(pk=old.pk).exists():
        if not WebhookDelivery.objects.waiting().filter(endpoint=old).exists():
            _hear(at, 1)
        at = _send(at, Answer(502, "Bad gateway"))

    works = _register("Reporting", "https://reports.larkmere.example/tendril", ada, now)
    at = now - webhooks.GIVE_UP_AFTER - 8 * HOUR
    _hear(at, 1)
    while WebhookDelivery.objects.waiting().filter(endpoint=works).exists():
        at = _send(at, Answer(503, "Down for maintenance"))
    at = max(at, now - 2 * HOUR)
    _hear(at, 3)
    for answer in (OK, Answer(429, "Slow down"), OK, OK):  # the second comes again, and is taken
        at = _send(at, answer)
    webhooks.ping(endpoint=works, actor=ada, now=at)
    _send(at, OK)
    given_up = WebhookDelivery.objects.filter(endpoint=works, state="failed")
    return {"webhook": works.pk, "webhook_off": old.pk, "delivery": given_up[0].pk}


def _register(name: str, url: str, ada: Actor, now: datetime) -> Endpoint:
    return webhooks.save_endpoint(
        endpoint=None,
        name=name,
        url=url,
        facts=HEARD,
        internal=False,
        organisation=None,
        actor=ada,
        now=now - 6 * DAY,
    )


def _hear(at: datetime, count: int) -> None:
    """As the subscriber does, of the latest facts that nobody was told of yet."""
    told = WebhookDelivery.objects.exclude(event_id=None).values("event_id")
    heard = Event.objects.filter(name__in=HEARD).exclude(pk__in=told).order_by("-id")
    events = list(heard[:count])
    assert len(events) == count, "the demo has too few of HEARD"
    for event in events:
        webhooks.queue(event=journal.read(event.pk), now=at)


def _send(at: datetime, answer: Answer) -> datetime:
    """As the worker does, as soon after a moment as something is due. When that was."""
    while (claimed := webhooks.claim(now=at)) is None:
        at += 10 * MINUTE
    webhooks.mark_answered(claimed=claimed, answer=answer, took_ms=180 + at.second, now=at)
    return at


@transaction.atomic
def _mail_that_came_back(now: datetime) -> dict[str, object]:
    """One address that is none any more, one whose reader complained, and one full mailbox."""
    gone = {"bounceType": "Permanent", "bounceSubType": "General"}
    full = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    told = (
        (4 * DAY, "jo.barnes@harbourlane.example", gone, "smtp; 550 5.1.1 no such user here"),
        (2 * HOUR, "office@oldmill.example", full, "smtp; 452 4.2.2 mailbox full"),
        (DAY, "newsletter@linden.example", None, "abuse"),
    )
    for ago, to, bounce, why in told:
        notifications.handle_feedback(_feedback(to, bounce, why, now - ago), now=now - ago)
    return {"recipient": Recipient.objects.get(address=told[0][1]).pk}


def _feedback(to: str, bounce: dict[str, str] | None, why: str, at: datetime) -> dict[str, Any]:
    """As SES writes it (Amazon SES developer guide, "event data that is sent to SNS")."""
    mail = {"messageId": uuid4().hex, "destination": [to], "timestamp": at.isoformat()}
    when = {"timestamp": at.isoformat(), "feedbackId": uuid4().hex}
    if bounce is None:
        spam = {"complainedRecipients": [{"emailAddress": to}], "complaintFeedbackType": why}
        return {"eventType": "Complaint", "mail": mail, "complaint": when | spam}
    bounced = {"bouncedRecipients": [{"emailAddress": to, "diagnosticCode": why}]}
    return {"eventType": "Bounce", "mail": mail, "bounce": when | bounce | bounced}


def _incoming_mail(ada: Actor, now: datetime) -> dict[str, object]:
    """One that is kept, one that was read again, and one that isn't where it should be."""
    with transaction.atomic():
        _arrive(now - 3 * HOUR, "m1", _letter("Statement of May", "Could you send it once more?"))
        _arrive(now - 2 * HOUR, "m2", _letter("You have won", "Claim it today!"), spam="FAIL")
        _arrive(now - HOUR, "m3", None)
        while incoming.take_next(now=now):
            pass
        missing, again, kept = IncomingMail.objects.order_by("-id")[:3]
        incoming.replay(mail=again, actor=ada, now=now)
    return {"incoming": kept.pk, "incoming_missing": missing.pk}


def _letter(subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Wilhelmina Okafor <w.okafor@linden.example>"
    mail["To"] = "help@desk.example.com"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{uuid4().hex}@linden.example>"
    mail.set_content(f"Hello,\n\n{text}\n\nKind regards\nWilhelmina Okafor\n")
    mail.add_alternative(
        f"<p>Hello,</p><p>{text}</p><p>Kind regards<br><b>Wilhelmina Okafor</b></p>", subtype="html"
    )
    return mail


def _arrive(at: datetime, name: str, mail: EmailMessage | None, *, spam: str = "PASS") -> None:
    """As SES does it: the mail into its place, and a notice. A mail of None never got there.

    Amazon SES developer guide, "contents of notifications for receiving".
    """
    store = inbox.get().store
    key = f"{name}.eml" if store == "folder" else f"{PREFIX}{name}"
    notice = {
        "notificationType": "Received",
        "receipt": {
            "timestamp": at.isoformat(),
            "recipients": ["help@desk.example.com"],
            "spamVerdict": {"status": spam},
            "virusVerdict": {"status": "PASS"},
            "action": {"type": "S3", "bucketName": store, "objectKey": key},
        },
        "mail": {
            "timestamp": at.isoformat(),
            "source": "w.okafor@linden.example",
            "messageId": name,
        },
    }
    incoming.receive_notice(notice, now=at)
    if mail is not None and store == "folder":
        folder = Path(settings.INBOX_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(mail.as_bytes())
    elif mail is not None:
        aws.client("s3").put_object(Bucket=store, Key=key, Body=mail.as_bytes())


def _jobs_given_up(now: datetime) -> dict[str, object]:
    """One that says how it failed, and one of a release that is gone."""
    failed = _give_up("apps.notifications.tasks.send_mail", [4711], now - 5 * HOUR)
    error = TimeoutError("the mail server said nothing for 30 seconds")
    ops.note_failure(job_id=failed, task="apps.notifications.tasks.send_mail", error=error)
    _give_up("apps.reports.tasks.export", ["2026-05", {"team": 3}], now - 2 * DAY)
    return {}


def _give_up(task: str, arguments: list[object], sent: datetime) -> str:
    """A job among the dead, as Celery and kombu write it. Its id."""
    job, inner = uuid4().hex, json.dumps([arguments, {}, {}]).encode()
    message = {
        "body": base64.b64encode(inner).decode(),
        "headers": {"id": job, "task": task, "sent_at": sent.isoformat(timespec="seconds")},
        "properties": {"delivery_info": {"routing_key": "default"}},
    }
    body, broker = json.dumps(message), urlsplit(settings.BROKER_URL)
    if broker.scheme == "lease":
        # In a queue that no worker reads, or one would take it for a moment.
        dead, queue = LeaseQueue(Path(broker.path), lease=0), f"exhibits-{job}"
        dead.put(queue, body)
        while dead.claim(queue):
            pass
    else:
        at = address.read(broker)
        client = aws.client("sqs", endpoint=at.endpoint)
        coded = base64.b64encode(body.encode()).decode()
        client.send_message(QueueUrl=at.queue(address.DEAD), MessageBody=coded)
    return job
