"""Migrations that the release before can't work with are found, and others are not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from apps.kernel.postgresql.operations import AddIndexOnline
from apps.ops.expanding import unbearable

RENAMED = migrations.RenameField("pipe", "bore", "width")


def then() -> ProjectState:
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("bore", models.CharField(max_length=40)),
        ("note", models.TextField(null=True)),
    ]
    state.add_model(ModelState("plumbing", "Pipe", fields))
    return state


def told(operation: Operation, **label: str) -> list[str]:
    migration = type("Planted", (Migration,), {"operations": [operation], **label})
    return unbearable([migration("0002_planted", "plumbing")], then())


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("pipe", "bore"),
        RENAMED,
        migrations.DeleteModel("Pipe"),
        migrations.RenameModel("Pipe", "Tube"),
        migrations.AlterModelTable("pipe", "tubes"),
        migrations.AddField("pipe", "age", models.IntegerField(default=0)),
        migrations.AlterField("pipe", "bore", models.IntegerField()),
        migrations.AlterField("pipe", "bore", models.CharField(max_length=20)),
        migrations.AlterField("pipe", "bore", models.CharField(max_length=40, unique=True)),
        migrations.AlterField("pipe", "bore", models.CharField(max_length=40, db_column="b")),
        migrations.AlterField("pipe", "note", models.TextField()),
        migrations.AddConstraint("pipe", models.UniqueConstraint(fields=["bore"], name="x")),
        migrations.AlterUniqueTogether("pipe", {("bore", "note")}),
        migrations.RunSQL("ALTER TABLE plumbing_pipe DROP COLUMN bore"),
        migrations.SeparateDatabaseAndState([migrations.RemoveField("pipe", "bore")], []),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_the_release_before_needs_is_kept(operation: Operation) -> None:
    assert len(told(operation)) == 1


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("pipe", "age", models.IntegerField(null=True)),
        migrations.AddField("pipe", "age", models.IntegerField(db_default=0)),
        migrations.AlterField("pipe", "bore", models.CharField(max_length=80)),
        migrations.AlterField("pipe", "note", models.TextField(db_default="")),
        migrations.RemoveField("pipe", "unknown"),
        migrations.CreateModel("Tube", [("id", models.BigAutoField(primary_key=True))]),
        migrations.DeleteModel("Tube"),
        migrations.RunSQL("UPDATE plumbing_pipe SET bore = '1'"),
        migrations.RunPython(migrations.RunPython.noop),
        AddIndexOnline("pipe", models.Index(fields=["bore"], name="x")),
        migrations.SeparateDatabaseAndState([], [migrations.RemoveField("pipe", "bore")]),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_it_does_not_notice_may_change(operation: Operation) -> None:
    assert told(operation) == []


def test_a_migration_may_say_why_it_can_be_borne() -> None:
    assert told(RENAMED, bearable="nobody ever used it") == []


def test_a_commit_that_is_not_known_is_told(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)

    with pytest.raises(CommandError, match="is not known here"):
        call_command("expands", since="f" * 40, repository=tmp_path)


def test_migrations_of_a_new_desk_all_expand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Since a commit that had none, there was no release to break."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(tmp_path)]
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "begin"], check=True)

    call_command("expands", since="HEAD", repository=tmp_path)

    assert "tickets.0001_initial: expands" in capsys.readouterr().out
