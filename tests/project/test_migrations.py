"""Migrations run while people work: none may keep a table that is in use from being written."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.utils import timezone

from apps.events.models import Event
from apps.kernel.postgresql.operations import AddCheckOnline, AddIndexOnline
from tests import databases
from tests.support import transactional

# Up to these there was no desk whose tables anybody used: the last migration of each app.
BEFORE_ANYBODY = {
    "accounts": "0002_roles",
    "desk": "0001_views",
    "events": "0001_initial",
    "insights": "0001_figures",
    "knowledge": "0001_initial",
    "mail": "0001_incoming",
    "notifications": "0001_initial",
    "ops": "0001_chores",
    "portal": "0001_deflections",
    "search": "0002_full_text",
    "tickets": "0002_defaults",
    "webhooks": "0001_endpoints",
}


def locking(migration: Migration) -> list[str]:
    """Its operations that keep writers from a table that it did not make itself."""
    operations = migration.operations
    made = {made.name.lower() for made in operations if isinstance(made, migrations.CreateModel)}
    return [
        f"{migration.app_label}.{migration.name}: {operation.describe()}"
        for operation in operations
        if is_locking(operation) and operation.model_name.lower() not in made  # type: ignore[attr-defined]
    ]


def is_locking(operation: object) -> bool:
    """Whether it builds an index, or looks at every row, while the table is locked."""
    if isinstance(operation, (AddIndexOnline, AddCheckOnline)):
        return False
    if isinstance(operation, (migrations.AddField, migrations.AlterField)):
        field: Any = operation.field
        return bool(field.unique or field.db_index or field.remote_field)
    return isinstance(operation, (migrations.AddIndex, migrations.AddConstraint))


def newer() -> list[Migration]:
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    return [
        migration
        for (label, name), migration in MigrationLoader(None).disk_migrations.items()
        if label in ours and name > BEFORE_ANYBODY.get(label, "")
    ]


def test_indexes_on_tables_in_use_are_built_beside_the_writers() -> None:
    assert [told for migration in newer() for told in locking(migration)] == []


INDEX = models.Index(fields=["name"], name="x")
CHECK = models.CheckConstraint(condition=models.Q(name__gt=""), name="x")


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (migrations.AddIndex("event", INDEX), 1),
        (AddIndexOnline("event", INDEX), 0),
        (
            migrations.AddConstraint("event", models.UniqueConstraint(fields=["name"], name="x")),
            1,
        ),
        (migrations.AddConstraint("event", CHECK), 1),
        (AddCheckOnline("event", CHECK), 0),
        (migrations.AddField("event", "x", models.IntegerField(null=True)), 0),
        (migrations.AddField("event", "x", models.IntegerField(null=True, unique=True)), 1),
        (migrations.AddField("event", "x", models.ForeignKey(Event, models.CASCADE)), 1),
        (migrations.AlterField("event", "name", models.CharField(db_index=True)), 1),
    ],
)
def test_the_rule_catches_what_it_forbids(operation: Operation, told: int) -> None:
    planted = type("Planted", (Migration,), {"operations": [operation]})

    assert len(locking(planted("planted", "events"))) == told


Online = AddIndexOnline | AddCheckOnline


def journal_row(*, name: str) -> None:
    now = timezone.now()
    Event.objects.create(
        name=name,
        version=1,
        subject="ticket:1",
        actor_kind="system",
        correlation_id=uuid.uuid4(),
        depth=0,
        data={},
        occurred_at=now,
        recorded_at=now,
    )


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

    def test_it_waits_for_whoever_writes(self) -> None:
        """However long they write: nobody waits behind it."""
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer")
        operation = AddIndexOnline("event", models.Index(fields=["name"], name="event_planted"))
        state = MigrationLoader(connection).project_state()
        after = state.clone()
        operation.state_forwards("events", after)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 50")
        url = databases.url_of(connection.settings_dict["NAME"])

        with psycopg.connect(url) as writer:
            writer.execute("LOCK TABLE events_event IN ROW EXCLUSIVE MODE")
            threading.Timer(0.5, writer.rollback).start()
            self.run(operation, state, after)

        assert "event_planted" in self.indexes()
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("events", editor, after, state)

    def test_a_check_is_looked_for_in_the_rows_that_are_there(self) -> None:
        operation = AddCheckOnline("event", CHECK)
        state = MigrationLoader(connection).project_state()
        after = state.clone()
        operation.state_forwards("events", after)

        self.run(operation, state, after)
        found = self.indexes()
        with pytest.raises(IntegrityError), transaction.atomic():
            journal_row(name="")
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("events", editor, after, state)

        assert "x" in found
        assert "x" not in self.indexes()

    def run(self, operation: Online, before: ProjectState, after: ProjectState) -> None:
        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards("events", editor, before, after)

    def indexes(self) -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, Event._meta.db_table))
