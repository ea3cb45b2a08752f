"""What every job of the desk has in common."""

from __future__ import annotations

from typing import Any

from celery import Task

from apps.events.envelope import as_headers, caused_by, current_cause, from_headers


class CausedTask(Task):  # type: ignore[type-arg]
    """A job knows what set it off: its facts and log lines carry the same correlation.

    A job that was sent without a cause, such as a chore, is the beginning of one.
    """

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        options["headers"] = {**as_headers(current_cause()), **(options.get("headers") or {})}
        return super().apply_async(*args, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with caused_by(from_headers(self.request.headers or {})):
            return super().__call__(*args, **kwargs)
