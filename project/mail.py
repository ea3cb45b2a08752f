"""How MAIL_URL is written for Amazon SES."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def check_ses(name: str, url: str) -> None:
    """Raises ImproperlyConfigured, naming the variable and how it is written."""
    parts = urlsplit(url)
    asked = {
        key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()
    }
    if (
        not _SET.fullmatch(parts.netloc)
        or parts.path.strip("/")
        or not asked.keys() <= {"inbox"}
        or not _BUCKET.fullmatch(asked.get("inbox", "bucket"))
    ):
        raise ImproperlyConfigured(
            f"{name}={url!r}: write ses://<configuration set>?inbox=<bucket of incoming mail>"
        )
