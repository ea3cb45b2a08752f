"""Structured logs: a JSON object a line, with the ids that join what one request set off.

`request` is on every line of a request, of the deliveries of its facts and of their jobs, and in
the answer's X-Request-Id; `trace` finds it in the tracing service; `user` and `ticket` are ids. For
a person at a terminal (LOG_FORMAT=text) the same in short. What must not be told is taken out of
both (apps.ops.hiding).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.events.envelope import known_cause
from apps.kernel.noting import noted
from apps.ops.hiding import hide

# What logging itself puts on a record; anything else came in through `extra`.
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Whose extras are told. Django's hold the request with all that it carries, Celery's the arguments.
_OURS = ("apps.", "project.", "deploy.")
_SHORT = 8  # characters of an id that a person compares


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": hide(record.getMessage()),
            **_ids(),
        }
        if settings.BUILD:
            line["build"] = settings.BUILD
        line.update((key, value) for key, value in _extras(record) if key not in line)
        if record.exc_info:
            line["exception"] = hide(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """`14:02:11 WARNING apps.mail.tasks: what happened  ticket=7 request=1f0c9a2e`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        told = {**_ids(), **dict(_extras(record))}
        told.pop("trace", None)
        if "request" in told:
            told["request"] = str(told["request"])[:_SHORT]
        rest = "".join(f" {key}={value}" for key, value in told.items())
        text = f"{at:%H:%M:%S} {record.levelname:7} {record.name}: {hide(record.getMessage())}"
        lines = [f"{text} {rest}".rstrip()]
        if record.exc_info:
            lines.append(hide(self.formatException(record.exc_info)))
        return "\n".join(lines)


def _ids() -> dict[str, object]:
    correlation = {} if (cause := known_cause()) is None else {"request": str(cause.correlation_id)}
    return {**correlation, **noted()}


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    if not record.name.startswith(_OURS):
        return
    for key, value in vars(record).items():
        if key not in _STANDARD:
            is_plain = value is None or isinstance(value, int | float)
            yield key, value if is_plain else hide(str(value))
