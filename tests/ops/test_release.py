from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_two_releases_at_once_both_end_well(tmp_path: Path, database_url: str | None) -> None:
    given = {"DATABASE_URL": database_url, "SECRET_KEY": "x"} if database_url else {}
    env = os.environ | {"VAR_DIR": str(tmp_path), **given}
    command = [sys.executable, "manage.py", "release"]

    both = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], ended
