"""What the platform runs on an instance, in a sandbox: release, units, smoke test."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as desk_settings
from django.core.management import CommandError, call_command

from tests.buckets import new_bucket
from tests.deploy.sandbox import ROOT, Sandbox
from tests.e2e.desk import Desk, commands

BROKEN = """
from django.db import migrations

def fail(apps, schema_editor):
    raise RuntimeError("this migration was never tried")

class Migration(migrations.Migration):
    dependencies = [("ops", "{last}")]
    operations = [migrations.RunPython(fail, migrations.RunPython.noop)]
"""
# Takes so long that two which don't wait for each other both begin it.
ADDED = """
import time
from django.db import migrations

def pause(apps, schema_editor):
    time.sleep(3)

class Migration(migrations.Migration):
    dependencies = [("ops", "{last}")]
    operations = [
        migrations.RunPython(pause, migrations.RunPython.noop),
        migrations.RunSQL("CREATE TABLE added_once (id integer)"),
    ]
"""
BIN = ROOT / ".platform" / "bin"
HOOKS = sorted((ROOT / ".platform").glob("*hooks/*/*"))


@pytest.fixture
def properties(tmp_path: Path, released_url: str | None) -> dict[str, str]:
    """Of an environment whose database is released already."""
    own = {"DATABASE_URL": released_url, "SECRET_KEY": "x"} if released_url else {}
    return {"VAR_DIR": str(tmp_path / "var"), **own}


@pytest.fixture
def sandbox(tmp_path: Path, properties: dict[str, str]) -> Sandbox:
    return Sandbox(tmp_path / "one", {**properties, "ATTACHMENT_MAX_BYTES": str(30 << 20)})


def _migration(sandbox: Sandbox, text: str) -> None:
    folder = sandbox.own("apps") / "ops" / "migrations"
    last = max(path.stem for path in folder.glob("0*.py"))
    (folder / "9000_next.py").write_text(text.format(last=last))


def test_hooks_are_programs() -> None:
    """The platform runs them as they are; a bundle keeps their mode."""
    tracked = subprocess.run(
        ["git", "ls-files", "-s", ".platform"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    modes = {line.split("\t")[1]: line.split()[0] for line in tracked.splitlines()}

    assert HOOKS
    for hook in [*HOOKS, *(BIN / name for name in ("agent", "logs", "units"))]:
        assert os.access(hook, os.X_OK), hook
        assert modes[str(hook.relative_to(ROOT))] == "100755", hook


def test_a_new_version_is_released_before_it_serves(sandbox: Sandbox) -> None:
    _migration(sandbox, ADDED)

    said = sandbox.deploy()

    assert "Applying ops.9000_next... OK" in said
    assert "client_max_body_size 303m;" in sandbox.nginx.read_text()
    assert sandbox.told.read_text() == "daemon-reload\nrestart rsyslog.service\n"
    assert "No migrations to apply" in sandbox.deploy()


def test_two_instances_at_once_migrate_once(
    sandbox: Sandbox, tmp_path: Path, properties: dict[str, str]
) -> None:
    other = Sandbox(tmp_path / "two", properties)
    for each in (sandbox, other):
        _migration(each, ADDED)

    both = [each.start(each.hooks("hooks/predeploy")[0]) for each in (sandbox, other)]
    said = [process.communicate(timeout=240)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("Applying ops.9000_next... OK" in each for each in said) == [False, True]


def test_a_failing_migration_leaves_the_old_version_serving(
    sandbox: Sandbox, tmp_path: Path, released_url: str | None
) -> None:
    old = Desk(tmp_path, database_url=released_url)
    old.commands = {"web": old.commands["web"]}
    old.start()
    try:
        _migration(sandbox, BROKEN)
        done = sandbox.run(sandbox.hooks("hooks/predeploy")[0])
        answer = requests.get(f"{old.url}/account/login/", timeout=20)
    finally:
        old.stop()

    assert done.returncode != 0
    assert "this migration was never tried" in done.stdout
    assert answer.status_code == 200
    # A mended version goes through: what failed is undone, and its lock is gone.
    (sandbox.app / "apps/ops/migrations/9000_next.py").unlink()
    assert "No migrations to apply" in sandbox.deploy()


def test_static_files_are_in_the_bucket_before_anybody_asks_for_them(
    sandbox: Sandbox, aws: dict[str, str]
) -> None:
    """`eb deploy` by itself sends none."""
    bucket = new_bucket()
    sandbox.change(**aws, ASSETS_URL=f"s3://{bucket}")

    said = sandbox.run(sandbox.hooks("hooks/predeploy")[0]).stdout

    first, second = re.findall(r"^(\d+) files sent|^(Operations to perform)", said, re.MULTILINE)
    assert int(first[0]) > 50
    assert second[1], "the release comes after"
    assert "\n0 files sent\n" in f"\n{sandbox.run(sandbox.hooks('hooks/predeploy')[0]).stdout}"


def test_an_upload_that_fails_leaves_the_old_version_serving(
    sandbox: Sandbox, aws: dict[str, str]
) -> None:
    """And the schema as it was."""
    _migration(sandbox, ADDED)
    sandbox.change(**aws, ASSETS_URL="s3://no-such-bucket")

    done = sandbox.run(sandbox.hooks("hooks/predeploy")[0])

    assert done.returncode != 0
    assert "NoSuchBucket" in done.stdout
    assert "Applying" not in done.stdout


def test_properties_arrive_as_they_are(tmp_path: Path) -> None:
    odd = {"DESK_NAME": 'O\'Hara "& Co" $(touch pwned)\n`id` \\ ä', "EMPTY": ""}
    sandbox = Sandbox(tmp_path / "one", odd)
    app = tmp_path / "app"
    app.mkdir()
    (app / "manage.py").write_text(
        "import json, os\nprint(json.dumps([os.environ['DESK_NAME'], os.environ['EMPTY']]))"
    )
    script = f'. "{sandbox.app}/.platform/bin/desk.sh"; desk "{app}" anything'

    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(done.stdout) == list(odd.values())
    assert not (app / "pwned").exists()


def test_a_property_that_the_desk_refuses_stops_the_change(
    tmp_path: Path, properties: dict[str, str]
) -> None:
    sandbox = Sandbox(tmp_path / "one", {**properties, "ATTACHMENT_MAX_BYTES": "much"})

    with pytest.raises(AssertionError, match="ATTACHMENT_MAX_BYTES"):
        sandbox.deploy("confighooks/predeploy")


def test_a_changed_property_reaches_nginx(sandbox: Sandbox) -> None:
    sandbox.deploy("confighooks/predeploy")

    assert "client_max_body_size 303m;" in sandbox.nginx.read_text()


def test_nginx_asks_where_gunicorn_listens(sandbox: Sandbox) -> None:
    """Which is a property of the environment's, for the platform's own `location /` as well."""
    sandbox.change(PORT="9000")

    sandbox.deploy("confighooks/predeploy")

    assert "set $desk 127.0.0.1:9000;" in sandbox.nginx.read_text()
    assert "--bind 127.0.0.1:${PORT:-8000} " in commands()["web"]


def test_the_new_versions_watcher_runs(sandbox: Sandbox) -> None:
    hook = next(path for path in sandbox.hooks("hooks/postdeploy") if "leaving" in path.name)

    assert sandbox.run(hook).returncode == 0
    told = "enable desk-leaving.service\nrestart desk-leaving.service\n"
    assert sandbox.told.read_text() == told


def _seconds(unit: Path) -> int:
    found = re.search(r"^TimeoutStopSec=(\d+)$", unit.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def test_every_process_may_finish_before_it_is_killed(sandbox: Sandbox) -> None:
    """A job < the worker's soft end < its unit (< the instance: test_leaving.py)."""
    sandbox.deploy("confighooks/predeploy")

    dropped = {path.parent.name: path for path in sandbox.units.glob("*.service.d/*.conf")}
    graceful = re.search(r"--graceful-timeout (\d+)", commands()["web"])

    assert set(dropped) == {f"{name}.service.d" for name in [*commands(), "nginx"]}
    for name in commands():
        assert "KillMode=mixed" in dropped[f"{name}.service.d"].read_text()
    for name in ("worker", "heavy"):
        least = _seconds(dropped[f"{name}.service.d"])
        assert desk_settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT < 280 < least
    assert graceful is not None
    assert int(graceful[1]) < _seconds(dropped["web.service.d"])


def test_each_line_of_the_procfile_is_one_command() -> None:
    """The platform runs it by /bin/sh, which becomes the command only if that is all there is."""
    for line in commands().values():
        assert not re.search(r"[;&|<>`]|\$\(", line.replace("%(", "")), line


@pytest.fixture
def web(tmp_path: Path, released_url: str | None) -> Iterator[Desk]:
    desk = Desk(tmp_path, database_url=released_url)
    desk.commands = {"web": desk.commands["web"]}
    desk.start()
    yield desk
    desk.stop()


def test_the_smoke_test_passes_where_the_desk_serves(
    web: Desk, tmp_path: Path, properties: dict[str, str]
) -> None:
    sandbox = Sandbox(tmp_path / "one", {**properties, "SITE_URL": web.url})
    for kind in ("hooks", "confighooks"):
        hook = sandbox.app / ".platform" / kind / "postdeploy" / "10_smoke.sh"
        hook.write_text(hook.read_text().replace("http://127.0.0.1", web.url))

        done = sandbox.run(hook)

        assert (done.returncode, done.stdout) == (0, "This instance serves.\n")


def test_the_smoke_test_says_what_does_not_answer(web: Desk, settings: Any) -> None:
    settings.ROLE = "worker"
    with pytest.raises(CommandError) as as_worker:
        call_command("smoke", at=web.url, within=0)
    web.stop()
    with pytest.raises(CommandError) as as_nobody:
        call_command("smoke", at=web.url, within=0)

    assert "/worker/ for localhost: 404 instead of 405" in str(as_worker.value)
    assert str(as_nobody.value).count("ConnectionRefusedError") == 5
