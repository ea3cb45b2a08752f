"""Typed custom fields: which ones a category has, and what their values may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

from apps.tickets import reference
from apps.tickets.errors import CustomFieldError
from apps.tickets.models import Category, CategoryField

Kind = CategoryField.Kind

_NUMBER_LIMIT = 30  # characters
_POWERS = 30  # of ten: 1E+999999 is short, and a page long when it is written out
_TEXT_LIMITS = {Kind.TEXT: 200, Kind.LONG_TEXT: 5000}


def definitions_for(category: Category | None) -> list[CategoryField]:
    """The fields of a category and of those above it, from the top down."""
    return [field for field in reference.fields_of(category) if not field.archived]


def retired(category: Category | None, values: Mapping[str, object]) -> dict[str, object]:
    """Values of fields that are no longer asked for: a ticket keeps what it was told."""
    keys = {field.key for field in reference.fields_of(category) if field.archived}
    return {key: value for key, value in values.items() if key in keys}


def clean(
    definitions: Iterable[CategoryField], values: Mapping[str, object], *, complete: bool = True
) -> dict[str, object]:
    """Values as they are kept: JSON, by key; numbers as text and dates in ISO 8601. Pure.

    `complete` asks for the required ones too. Raises CustomFieldError with an error per field.
    """
    known = {field.key: field for field in definitions}
    cleaned: dict[str, object] = {}
    errors = {
        key: _("There is no field “%(field)s”.") % {"field": key}
        for key in values
        if key not in known
    }
    for key, field in known.items():
        value = values.get(key)
        if value is None or value is False or value == "":  # 0 is a number like others
            if field.required and complete:
                errors[key] = _("“%(field)s” is needed.") % {"field": field.label}
            continue
        try:
            cleaned[key] = _convert(field, value)
        except ValueError as error:
            errors[key] = f"“{field.label}”: {error}"
    if errors:
        raise CustomFieldError(errors)
    return cleaned


def _convert(field: CategoryField, value: object) -> object:
    match field.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            return _text(str(value).strip(), _TEXT_LIMITS[Kind(field.kind)])
        case Kind.NUMBER:
            return _number(str(value).strip())
        case Kind.DATE:
            return _date(str(value).strip())
        case Kind.CHOICE:
            if value not in field.options:
                raise ValueError(
                    _("choose one of %(options)s.")
                    % {"options": ", ".join(map(str, field.options))}
                )
            return value
        case Kind.FLAG:
            if value is not True:
                raise ValueError(_("answer yes or no."))
            return True
        case _:
            raise ValueError(_("this kind of field is not known."))


def _text(value: str, limit: int) -> str:
    if len(value) > limit:
        raise ValueError(_("use up to %(limit)s characters.") % {"limit": limit})
    return value


def _number(value: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(_("write a number, such as 12.50.")) from None
    if not number.is_finite() or len(value) > _NUMBER_LIMIT or abs(number.adjusted()) > _POWERS:
        raise ValueError(_("write a number, such as 12.50."))
    return str(number)


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(_("write a date as year-month-day, such as 2026-05-04.")) from None
