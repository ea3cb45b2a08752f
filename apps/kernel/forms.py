from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.forms import BaseForm

from apps.kernel.errors import DomainError


@contextmanager
def shown_on(form: BaseForm) -> Iterator[None]:
    """Show an anticipated failure of an action as the form's error, keeping what was typed.

    Hidden and forbidden rows are not the form's business: those errors go on.
    """
    try:
        yield
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        form.add_error(None, ValidationError(str(error), code=error.code))
