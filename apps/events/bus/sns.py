"""Facts on an SNS topic: work for the desk's own workers, and facts for everybody else.

A message with the attribute `claimed` = "true" names deliveries by number (bodies.ClaimsBody): the
workers' queue takes those. One with "false" is a fact with all that it says (bodies.FactBody), once
for each fact, whether or not the desk itself has a subscriber to it. `name`, `subject` and
`version` are attributes of both, for filter policies; `traceparent` is one where traces are kept.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.events import bodies, relay
from apps.events.envelope import Envelope
from apps.events.relay import Handed
from apps.kernel import aws
from apps.kernel.ports import Location

logger = logging.getLogger(__name__)

TOPIC = "topic"  # the hearer of every fact
MOST_ENTRIES = 10
READ = 5  # seconds: the relay has more to do than to wait
MOST_BYTES = 256 * 1024  # a batch together: bodies and attributes
_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class _Message:
    """What goes out, and the deliveries that it carries."""

    event: Envelope
    handed: Sequence[Handed]
    claimed: bool
    body: str

    @property
    def attributes(self) -> dict[str, str]:
        goes_on = self.event.traceparent
        return {
            "name": self.event.name,
            "subject": self.event.subject,
            "version": str(self.event.version),
            "claimed": "true" if self.claimed else "false",
            **({"traceparent": goes_on} if goes_on else {}),
        }

    @property
    def size(self) -> int:
        """Bytes as SNS counts them: types of attributes too."""
        words = [part for pair in self.attributes.items() for part in (*pair, "String")]
        return len(self.body.encode()) + sum(len(word.encode()) for word in words)

    def entry(self, number: int) -> dict[str, Any]:
        return {
            "Id": str(number),
            "Message": self.body,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in self.attributes.items()
            },
        }


class SnsBus:
    """`sns://<the topic's ARN>`. Nothing is counted against a delivery while the topic is away."""

    outside: tuple[str, ...] = (TOPIC,)

    def __init__(self, location: Location) -> None:
        if not _ARN.fullmatch(location.netloc) or location.path:
            raise ImproperlyConfigured(
                f"BUS_URL={location.geturl()!r}: write sns:// and the topic's ARN, such as"
                " sns://arn:aws:sns:eu-central-1:123456789012:tendril-production-facts"
            )
        self.topic = location.netloc

    def carry_due(self, *, now: datetime) -> int:
        handed = relay.hand_over(now=now)
        carried = 0
        left = list(_batches(list(_messages(handed))))
        while left:
            batch = left.pop(0)
            try:
                carried += self._publish(batch, now=now)
            except ClientError as error:  # of this batch alone, for all that we know
                logger.warning("the topic refuses, facts wait: %s", error)
                relay.give_back((one for each in batch for one in each.handed), now=now)
            except (BotoCoreError, ImproperlyConfigured) as error:
                # Whoever says nothing to one batch would keep us waiting at each of the others.
                logger.warning("the topic is away, facts wait: %s", error)
                waiting = (one for those in (batch, *left) for each in those for one in each.handed)
                relay.give_back(waiting, now=now)
                break
        return carried

    def _publish(self, batch: Sequence[_Message], *, now: datetime) -> int:
        """How many deliveries were carried. Those that SNS did not take fall due again."""
        answer = aws.client("sns", read=READ, attempts=2).publish_batch(
            TopicArn=self.topic,
            PublishBatchRequestEntries=[each.entry(place) for place, each in enumerate(batch)],
        )
        failed = {int(each["Id"]): each for each in answer.get("Failed", ())}
        carried = [each for place, each in enumerate(batch) if place not in failed]
        relay.settle((one for each in carried if not each.claimed for one in each.handed), now=now)
        for place, why in failed.items():
            logger.warning("the topic did not take a fact", extra={"why": why})
            if why.get("SenderFault"):
                for one in batch[place].handed:
                    relay.refuse(one, why=f"SNS refused it: {why.get('Code')} {why.get('Message')}")
            else:
                relay.give_back(batch[place].handed, now=now)
        return sum(len(each.handed) for each in carried)


def _messages(handed: Sequence[Handed]) -> Iterator[_Message]:
    """One message for the workers and one for everybody else, for each fact that has them."""
    together: dict[tuple[int, bool], list[Handed]] = defaultdict(list)
    for one in handed:
        together[one.event.id, one.subscriber != TOPIC].append(one)
    for (event_id, claimed), those in together.items():
        event = those[0].event
        if claimed:
            pairs = ((one.delivery_id, one.seen) for one in those)
            yield _Message(event, those, True, _spelt(bodies.of_claims(event_id, pairs)))
            continue
        message = _Message(event, those, False, _spelt(bodies.of_fact(event)))
        if message.size > MOST_BYTES:
            body = _spelt(bodies.of_fact(event, whole=False))
            message = _Message(event, those, False, body)
        yield message


def _spelt(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"))


def _batches(messages: Sequence[_Message]) -> Iterator[list[_Message]]:
    batch: list[_Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == MOST_ENTRIES or size + message.size > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch
