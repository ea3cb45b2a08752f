"""What every job of the desk has in common."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery, Task, bootsteps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from apps.events.envelope import as_headers, caused_by, current_cause, from_headers
from apps.kernel.counting import count
from apps.kernel.noting import scope
from apps.kernel.tracing import Kind, tracer
from apps.ops import broker
from apps.ops.broker.queues import LONGEST_DELAY

logger = logging.getLogger(__name__)

# By name: Celery is there before Django's models are.
NOTE_FAILURE = "apps.ops.actions.note_failure"
FORGET_FAILURE = "apps.ops.actions.forget_failure"


class Jobs(Celery):
    """Jobs know their cause, and the broker keeps their delay: no worker holds what isn't due."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps["worker"].add(BrokerAtHand)

    def send_task(  # type: ignore[override]
        self,
        name: str,
        args: Any = None,
        kwargs: Any = None,
        countdown: float | None = None,
        eta: datetime | None = None,
        **options: Any,
    ) -> Any:
        """`countdown` in seconds. Raises ValueError for one that no broker keeps."""
        if eta is not None or (countdown or 0) > LONGEST_DELAY:
            raise ValueError(
                f"{name}: no broker keeps a job for longer than {LONGEST_DELAY} seconds."
                " Make it a row with a due time, and let a chore look for it"
            )
        if countdown and countdown > 0:
            options["delay_seconds"] = int(countdown)
        goes_on = tracer.get().traceparent()
        options["headers"] = {
            **as_headers(current_cause()),
            **({"traceparent": goes_on} if goes_on else {}),
            "sent_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "delay": options.get("delay_seconds", 0),
            **(options.get("headers") or {}),
        }
        return super().send_task(name, args, kwargs, **options)


class BrokerAtHand(bootsteps.Step):
    """A worker that can't ask its broker says why in one line, and ends."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        try:
            broker.check(parent.app.conf.broker_transport_options)
        except ImproperlyConfigured as error:
            raise SystemExit(f"BROKER_URL: {error}") from error


class CausedTask(Task):  # type: ignore[type-arg]
    """A job knows what set it off: its facts and log lines carry the same correlation.

    A job that was sent without a cause, such as a chore, is the beginning of one. A job that fails
    comes again and is given up in the end; a chore doesn't, since its next turn does the same
    (apps.events.jobs.chore). Why either failed is kept where staff see it, until it is done.
    """

    abstract = True
    acks_on_failure: bool | None = (
        None  # Celery's stubs don't know it yet; None: as in the settings
    )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        count("JobWait", _waited(headers))
        name, goes_on = self.name.removeprefix("apps."), headers.get("traceparent")
        with (
            caused_by(from_headers(headers)),
            scope(job=self.name),
            tracer.get().begin(name, kind=Kind.MESSAGE, parent=goes_on),
        ):
            return super().__call__(*args, **kwargs)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        super().on_failure(exc, task_id, args, kwargs, einfo)
        count("JobsFailed")
        try:
            import_string(NOTE_FAILURE)(job_id=self._known_by(task_id), task=self.name, error=exc)
        except Exception:
            # The database may be what failed: the job comes again all the same.
            logger.exception("why %s failed wasn't noted", self.name)

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        super().on_success(retval, task_id, args, kwargs)
        try:
            import_string(FORGET_FAILURE)(job_id=self._known_by(task_id))
        except Exception:
            # The job is done, and its failure the next success's to forget, or the night's.
            logger.exception("that %s failed before wasn't forgotten", self.name)

    def _known_by(self, task_id: str) -> str:
        """All jobs of a chore do the same: they are one."""
        return str(self.name) if self.acks_on_failure else task_id


def _waited(headers: Mapping[str, Any]) -> float:
    """Seconds since the job should have begun; those of a job from before are not known: none."""
    sent = headers.get("sent_at")
    if sent is None:
        return 0.0
    since = datetime.fromisoformat(sent) + timedelta(seconds=headers.get("delay", 0))
    return max((datetime.now(UTC) - since).total_seconds(), 0.0)
