"""Migrations run while people work: none may keep a table that is in use from being written."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from apps.events.models import Event
from apps.kernel.postgresql.operations import AddIndexOnline
from tests.support import transactional

# Up to these there was no desk whose tables anybody used: the last migration of each app.
BEFORE_ANYBODY = {
    "accounts": "0005_names",
    "desk": "0003_names",
    "events": "0002_names",
    "knowledge": "0003_spared_requests",
    "notifications": "0006_names",
    "ops": "0002_names",
    "portal": "0001_deflections",
    "search": "0002_full_text",
    "tickets": "0006_names",
}


def locking(migration: Migration) -> list[str]:
    """Its operations that build an index on a table that it did not make itself."""
    operations = migration.operations
    made = {made.name.lower() for made in operations if isinstance(made, migrations.CreateModel)}
    return [
        f"{migration.app_label}.{migration.name}: {operation.describe()}"
        for operation in operations
        if isinstance(operation, (migrations.AddIndex, migrations.AddConstraint))
        and not isinstance(operation, AddIndexOnline)
        and not is_check(operation)
        and operation.model_name.lower() not in made
    ]


def is_check(operation: object) -> bool:
    constraint = getattr(operation, "constraint", None)
    return isinstance(constraint, models.CheckConstraint)


def newer() -> list[Migration]:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    return [
        migration
        for (label, name), migration in MigrationLoader(None).disk_migrations.items()
        if label in ours and name > BEFORE_ANYBODY.get(label, "")
    ]


def test_indexes_on_tables_in_use_are_built_beside_the_writers() -> None:
    assert [told for migration in newer() for told in locking(migration)] == []


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (migrations.AddIndex("event", models.Index(fields=["name"], name="x")), 1),
        (
            migrations.AddConstraint("event", models.UniqueConstraint(fields=["name"], name="x")),
            1,
        ),
        (AddIndexOnline("event", models.Index(fields=["name"], name="x")), 0),
    ],
)
def test_the_rule_catches_what_it_forbids(operation: migrations.AddIndex, told: int) -> None:
    planted = type("Planted", (Migration,), {"operations": [operation]})

    assert len(locking(planted("planted", "events"))) == told


class TestOnline:
    pytestmark = transactional

    def test_an_index_is_built_anew_after_a_try_that_failed(self) -> None:
        """What a failed try leaves has the name already."""
        operation = AddIndexOnline("event", models.Index(fields=["name"], name="event_planted"))
        state = MigrationLoader(connection).project_state()
        after = state.clone()
        operation.state_forwards("events", after)

        self.run(operation, state, after)
        if connection.vendor == "postgresql":
            self.run(operation, state, after)
        found = self.indexes()
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("events", editor, after, state)

        assert "event_planted" in found
        assert "event_planted" not in self.indexes()

    def run(self, operation: AddIndexOnline, before: ProjectState, after: ProjectState) -> None:
        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards("events", editor, before, after)

    def indexes(self) -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, Event._meta.db_table))
