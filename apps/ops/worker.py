"""The worker tier's one page: what sqsd brings from the queue and from cron.yaml.

200 deletes a message. Anything else has it come again, and end among the dead letters when nobody
ever took it.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.events import inbox
from apps.events.inbox import Message, MessageRefusedError
from apps.ops import chores
from apps.ops.chores import UnknownChoreError

logger = logging.getLogger(__name__)

# nginx on the same machine says for whom it asks: sqsd, at a local address, or somebody far away.
_ADDRESSES = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
# Nothing between sqsd and us sends these.
_NEVER = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_HOST")


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Mounted on workers only. Headers can be forged by whoever gets here: see `is_local`."""
    if not is_local(request.META):
        return _plain("Only this machine's own queue poster may ask here.", 403)
    if not request.headers.get("X-Aws-Sqsd-Msgid"):
        return _plain("This is no message of a queue.", 400)
    chore = request.headers.get("X-Aws-Sqsd-Taskname")
    try:
        if chore is not None:
            chores.run(chore, now=timezone.now())
        else:
            inbox.receive(_message(request.body))
    except (MessageRefusedError, UnknownChoreError) as error:
        logger.error("a message was refused: %s", error)  # noqa: TRY400 - it says all there is
        return _plain("Refused.", 400)
    return _plain("Done.", 200)


def is_local(meta: Mapping[str, str]) -> bool:
    """Whether a request comes from this machine, and is passed on for nobody else."""
    if any(name in meta for name in _NEVER):
        return False
    said = [part for name in _ADDRESSES for part in meta.get(name, "").split(",") if name in meta]
    return all(map(_is_loopback, [meta.get("REMOTE_ADDR", ""), *said]))


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.strip()).is_loopback
    except ValueError:
        return False


def _message(body: bytes) -> Message:
    try:
        message = json.loads(body)
    except ValueError as error:
        raise MessageRefusedError("this is no JSON") from error
    if not isinstance(message, dict):
        raise MessageRefusedError("this is no JSON object")
    return message


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)
