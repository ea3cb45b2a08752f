"""Structured logs: one JSON object a line, with the ids that join lines of one request."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from apps.events.envelope import current_cause

# What logging itself puts on a record; anything else came in through `extra`.
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "correlation": str(current_cause().correlation_id),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line.update({key: value for key, value in extra.items() if key not in line})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
