from __future__ import annotations

from types import TracebackType
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from apps.kernel.errors import DomainError


def bound_to(request: HttpRequest) -> tuple[Any, Any]:
    """A form's `data` and `files`. An empty body was sent too: it lacks every field."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


class shown_on:  # noqa: N801 - reads as the words of a with statement
    """Show an anticipated failure of an action as the form's error, keeping what was typed.

    Hidden and forbidden rows are not the form's business: those errors go on.
    """

    def __init__(self, form: BaseForm) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, DomainError) or error.status in {403, 404}:
            return False
        self.form.add_error(None, ValidationError(str(error), code=error.code))
        return True
