"""Processes that kill their own children between any two steps (tests.*.killing)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def deaths(module: str, *, folder: Path, database_url: str | None) -> dict[str, int]:
    """Run a module on a released database of its own; how many deaths each part of it took."""
    given = {"DATABASE_URL": database_url, "SECRET_KEY": "x"} if database_url else {}
    env = os.environ | {
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "LOG_LEVEL": "ERROR",
        **given,
    }
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found
