"""What a message of Celery's, or one to the worker tier, says for people. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from apps.events.inbox import kind_of
from apps.ops.broker import address
from apps.ops.broker.queues import QUEUES
from apps.ops.dead_jobs import DeadJob

LONGEST = 2000  # characters of arguments


def read(body: str, *, key: str, queue: str = "", times: int = 0, sent_at: str = "") -> DeadJob:
    """`body` as kombu stores it, and what the broker knows besides. Never raises."""
    message = _json(body)
    headers, properties = _part(message, "headers"), _part(message, "properties")
    known = queue or str(_part(properties, "delivery_info").get("routing_key", ""))
    return DeadJob(
        key=key,
        job_id=str(headers.get("id", key)),
        task=str(headers.get("task", "")),
        queue=known if known in QUEUES else "default",
        arguments=_arguments(message, body)[:LONGEST],
        sent_at=_time(str(headers.get("sent_at") or sent_at)),
        times=times,
    )


def read_message(body: str, *, key: str, sent_at: datetime) -> DeadJob:
    """One to the worker tier, by its kind. Never raises."""
    message = _json(body)
    told = json.dumps(message, indent=2, ensure_ascii=False) if message else body
    return DeadJob(
        key=key,
        job_id=key,
        task=kind_of(message),
        queue=address.WORKER,
        arguments=told[:LONGEST],
        sent_at=sent_at,
        times=address.WORKER_TIMES,
    )


def _json(text: str) -> dict[str, Any]:
    """An object in JSON, or in base 64 of it, as kombu writes to SQS."""
    for as_it_is in (True, False):
        try:
            plain = text if as_it_is else base64.b64decode(text, validate=True).decode()
            found = json.loads(plain)
        except (ValueError, binascii.Error):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    part = of.get(name)
    return part if isinstance(part, dict) else {}


def _arguments(message: dict[str, Any], body: str) -> str:
    """As a call has them; what can't be read is shown as it is."""
    inner = message.get("body")
    if not isinstance(inner, str):
        return body
    try:
        args, kwargs, _ = json.loads(base64.b64decode(inner, validate=True))
        shown = [_shown(value) for value in args]
        return ", ".join(shown + [f"{name}={_shown(value)}" for name, value in kwargs.items()])
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return inner


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
