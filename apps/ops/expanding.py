"""Whether migrations leave the release before able to work (ADR 12): they expand, and no more.

While a canary runs, and after a rollback, the release before works on the newer schema. So of what
its models know nothing may go, change its type or become something that its writes must fill.
Judged from the operations on the database, against the models as they stood then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from django.db import migrations
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import SeparateDatabaseAndState
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field, ManyToManyField

# A migration says so, with the reason, where a person knows better: `bearable = "..."`.
LABEL = "bearable"
_SQL = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)|\bRENAME\b|\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE|SET\s+NOT\s+NULL",
    re.IGNORECASE,
)


def unbearable(new: Iterable[Migration], then: ProjectState) -> list[str]:
    """What of these migrations the models of `then` can't work with, a line each."""
    return [
        f"{migration.app_label}.{migration.name}: {why}"
        for migration in new
        if not getattr(migration, LABEL, "")
        for operation in _on_database(migration.operations)
        for why in _judged(operation, migration.app_label, then)
    ]


def _on_database(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _on_database(operation.database_operations)
        else:
            yield operation


def _judged(operation: Operation, app: str, then: ProjectState) -> Iterator[str]:
    if isinstance(operation, migrations.RunSQL):
        if isinstance(operation.sql, str) and (found := _SQL.search(operation.sql)):
            yield f"its SQL has {found[0]}"
        return
    model = _known(operation, app, then)
    if model is None:
        return  # the release before knows no such model
    if why := _of_table(operation) or _of_column(operation, model):
        yield f"{operation.describe()}: {why}"


def _of_table(operation: Operation) -> str:
    match operation:
        case migrations.DeleteModel() | migrations.RenameModel() | migrations.AlterModelTable():
            return "the release before reads that table"
        case migrations.AddConstraint() | migrations.AlterUniqueTogether():
            return "the release before may write what it refuses"
        case _:
            return ""


def _of_column(operation: Operation, model: ModelState) -> str:
    match operation:
        case migrations.RemoveField(name=name) | migrations.RenameField(old_name=name):
            return "the release before reads that column" if name in model.fields else ""
        case migrations.AddField(field=field):
            is_late = _must_be_filled(field)
            return "the release before writes rows without it" if is_late else ""
        case migrations.AlterField(name=name, field=field):
            return _narrower(model.fields[name], field) if name in model.fields else ""
        case _:
            return ""


def _known(operation: Operation, app: str, then: ProjectState) -> ModelState | None:
    name = (
        getattr(operation, "model_name", None)
        or getattr(operation, "old_name", None)
        or getattr(operation, "name", "")
    )
    return then.models.get((app, str(name).lower()))


def _must_be_filled(field: Field[object, object]) -> bool:
    # Django's own default is filled in by code that the release before does not have.
    return not (
        field.null or field.db_default is not NOT_PROVIDED or isinstance(field, ManyToManyField)
    )


def _narrower(old: Field[object, object], new: Field[object, object]) -> str:
    if old.get_internal_type() != new.get_internal_type():
        return f"from {old.get_internal_type()} to {new.get_internal_type()}"
    if old.null and not new.null and new.db_default is NOT_PROVIDED:
        return "the release before may leave it empty"
    if new.unique and not old.unique:
        return "the release before may write a value twice"
    if old.max_length and new.max_length and new.max_length < old.max_length:
        return f"the release before writes up to {old.max_length} characters"
    if old.db_column != new.db_column:
        return "the release before reads it by another name"
    return ""
