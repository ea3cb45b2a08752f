from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_reader_killed_between_any_two_steps_counts_everything_once(
    tmp_path: Path, database_url: str | None
) -> None:
    given = {"DATABASE_URL": database_url, "SECRET_KEY": "x"} if database_url else {}
    env = os.environ | {
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "LOG_LEVEL": "ERROR",
        **given,
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.insights.killing"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1])["reading"] > 40
