from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def outbox(settings: object, tmp_path: Path) -> Path:
    """An empty folder for the mail that the test sends."""
    settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")  # type: ignore[attr-defined]
    return tmp_path / "outbox"
