from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.mail.inbox import inbox
from tests.mail.boxes import BucketBox, FolderBox


@pytest.fixture(params=["folder", "bucket"])
def box(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[FolderBox | BucketBox]:
    made: FolderBox | BucketBox
    if request.param == "folder":
        made = FolderBox(tmp_path / "in", settings)
    else:
        request.getfixturevalue("aws")
        made = BucketBox(monkeypatch)
    with inbox.override(made.inbox):
        yield made
