"""gunicorn's own lines in the desk's log, in its form. Requests are told by apps.ops.middleware."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from django.conf import settings
from gunicorn import glogging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


class Logger(glogging.Logger):
    """For `--logger-class`. gunicorn's access log would tell addresses, and some are secrets."""

    def setup(self, cfg: Any) -> None:
        logging.config.dictConfig(settings.LOGGING)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)

    def access(self, *_: Any) -> None:
        return

    def reopen_files(self) -> None:
        return
