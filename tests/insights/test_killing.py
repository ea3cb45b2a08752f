from __future__ import annotations

from pathlib import Path

from tests.dying import deaths


def test_a_reader_killed_between_any_two_steps_counts_everything_once(
    tmp_path: Path, released_url: str | None
) -> None:
    found = deaths("tests.insights.killing", folder=tmp_path / "var", database_url=released_url)

    assert found["reading"] > 40
