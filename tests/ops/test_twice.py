"""Every chore, run twice at the same moment, does once what is due."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from apps.mail.inbox import inbox
from apps.ops.chores import CHORES
from tests.cast import make_cast
from tests.ops.due import DUE, Desk
from tests.ops.in_step import twice
from tests.support import transactional
from tests.webhooks.receiver import receiver


def test_something_is_made_due_for_each() -> None:
    assert set(DUE) == {chore.name for chore in CHORES}


@transactional
@pytest.mark.parametrize("name", DUE)
def test_twice_at_once_is_once(name: str, tmp_path: Path, settings: Any) -> None:
    settings.WEBHOOK_TRUSTED_HOSTS = frozenset({"127.0.0.1"})
    settings.KEPT_SECONDS = 0
    settings.INBOX_FOLDER = tmp_path / "inbox"
    current_app.loader.import_default_modules()
    (task,) = (current_app.tasks[chore.task] for chore in CHORES if chore.name == name)
    due = DUE[name]

    with receiver() as server, inbox.override(inbox.build("folder:/x")):
        desk = Desk(cast=make_cast(), server=server)
        due.make(desk)
        before = due.count(desk)
        errors = twice(task.run)
        after = due.count(desk)
        task.run()

        assert errors == []
        assert after == before + due.change
        assert due.count(desk) == after
