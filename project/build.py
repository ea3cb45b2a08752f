"""Which build of the desk this is: a bundle holds its version's label in a file."""

from __future__ import annotations

from pathlib import Path


def build_of(folder: Path) -> str:
    """What the file BUILD says; "" in a checkout, which has none."""
    file = folder / "BUILD"
    return file.read_text().strip() if file.exists() else ""
