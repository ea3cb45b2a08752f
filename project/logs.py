"""A line a record, for the process manager or for whoever sits at the terminal (apps.ops.logs)."""

from __future__ import annotations

import sys
from typing import Any

from project import env


def configuration() -> dict[str, Any]:
    """What Django gives to logging.config.dictConfig.

    LOG_LEVEL is that of the desk's own code: asked for everything, libraries tell headers, signed
    addresses and statements with their values.
    """
    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    level = env.choice("LOG_LEVEL", "INFO", allowed=levels)
    theirs = "INFO" if level == "DEBUG" else level
    form = "text" if sys.stderr.isatty() else "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "apps.ops.logs.JsonFormatter"},
            "text": {"()": "apps.ops.logs.TextFormatter"},
        },
        "handlers": {
            "out": {
                "class": "logging.StreamHandler",
                "formatter": env.choice("LOG_FORMAT", form, allowed=["json", "text"]),
            }
        },
        "loggers": {
            **{name: {"level": level} for name in ("apps", "project", "deploy", "demo")},
            "botocore": {"level": "WARNING"},  # it tells of every client that it makes
            "django": {"level": theirs, "handlers": []},  # its own would tell all twice
            "django.request": {"level": "ERROR"},  # apps.ops.served has told the rest, with its ids
        },
        "root": {"handlers": ["out"], "level": theirs},
    }
