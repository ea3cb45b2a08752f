"""Anticipated failures. Pages, API and admin map them in one place (apps.ops.middleware)."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A failure that we foresaw.

    `code` is stable: clients may depend on it. `status` is the HTTP status that fits it. The
    message says what to do, in words for the person who asked; `data` holds plain values.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str | Promise] = _("This can't be done.")

    def __init__(self, message: str | Promise | None = None, **data: object) -> None:
        super().__init__(message or self.message)
        self.data = data

    def __str__(self) -> str:
        """In the language of whoever is being answered."""
        return str(self.args[0])


class NotFoundError(DomainError):
    """Hidden and absent give the same answer, so that nobody learns which it is."""

    code = "not-found"
    status = 404
    message = _("There is nothing here, or nothing that you may see.")


class ForbiddenError(DomainError):
    """The row may be seen, but this may not be done to it by this actor."""

    code = "forbidden"
    status = 403
    message = _("You may not do this. Ask a team lead or an administrator.")
