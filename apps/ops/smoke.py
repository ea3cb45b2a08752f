"""Whether an instance serves: asked on the instance itself, right after it was started."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from apps.ops.chores import WORKER_PATH

ANSWER_WITHIN = 15  # seconds: a first page makes its templates
AGAIN = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """`host` is what is asked for; a balancer asks by address, people by name."""

    path: str
    status: int
    host: str


def questions() -> tuple[Question, ...]:
    """What must be answered, and how, for anybody to be sent here."""
    name, address = settings.SITE_HOST, "127.0.0.1"
    # It takes messages alone, from a poster that asks by this name. A web instance has none.
    is_worker = settings.ROLE == "worker"
    worker = (405, "localhost") if is_worker else (404, name)
    return (
        Question("/healthz/", 200, address),
        Question("/readyz", 200, address),
        Question(reverse("account_login"), 200, name),
        Question(static("css/tokens.css"), 200, name),
        Question(WORKER_PATH, *worker),
    )


def complaints(at: str, *, within: float) -> list[str]:
    """One line for each question that has the wrong answer after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = list(_wrong(at))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(AGAIN)  # nginx and gunicorn have just been started


def _wrong(at: str) -> Iterator[str]:
    for question in questions():
        status, why = _ask(at, question)
        if status != question.status:
            said = why or f"{status} instead of {question.status}"
            yield f"{question.path} for {question.host}: {said}"


def _ask(at: str, question: Question) -> tuple[int, str]:
    """The status, or 0 and why there is none."""
    url = urlsplit(at)
    asked = http.client.HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_WITHIN)
    headers = {"Host": question.host, "X-Forwarded-Proto": urlsplit(settings.SITE_URL).scheme}
    if known := settings.ORIGIN_SECRET.split():
        headers["X-Origin-Secret"] = known[0]  # as the edge would, behind which it serves
    try:
        asked.request("GET", question.path, headers=headers)
        return asked.getresponse().status, ""
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        asked.close()
