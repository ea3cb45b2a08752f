from __future__ import annotations

from pathlib import Path

from tests.dying import deaths


def test_a_relay_killed_between_any_two_steps_loses_nothing_and_repeats_nothing(
    tmp_path: Path, released_url: str | None
) -> None:
    found = deaths("tests.events.killing", folder=tmp_path / "var", database_url=released_url)

    assert found["recording"] > 20
    assert found["relaying"] > 60
