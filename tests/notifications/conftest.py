from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.notifications.outbox import outbox as kept


@pytest.fixture
def outbox(settings: object, tmp_path: Path) -> Iterator[Path]:
    """An empty folder for the mail that the test sends."""
    settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")  # type: ignore[attr-defined]
    with kept.override(kept.build("folder:/")):
        yield tmp_path / "outbox"
