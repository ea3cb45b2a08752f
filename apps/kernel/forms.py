from __future__ import annotations

from types import TracebackType

from django.core.exceptions import ValidationError
from django.forms import BaseForm

from apps.kernel.errors import DomainError


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
