"""Bundles of a commit: what each tier has, what none has, and that they are always the same."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deploy import bundle, procfile
from deploy.bundle import BundleError, File

ROOT = Path(__file__).resolve().parents[2]


def names(path: Path) -> set[str]:
    return set(zipfile.ZipFile(path).namelist())


def test_each_tier_has_its_own(desk: Path, tmp_path: Path) -> None:
    built = bundle.build(desk, tmp_path / "out")

    shared = {
        ".ebextensions/10-desk.config",
        ".platform/hooks/predeploy/10_release.sh",
        "BUILD",
        "Procfile",
        "contracts/bodies.json",
        "contracts/facts.json",
        "manage.py",
        "requirements.txt",
        "staticfiles/desk.abc.css",
        "wheels/pipe-1.0-py3-none-any.whl",
    }
    assert names(built.paths["web"]) == shared | {".ebextensions/20-web.config"}
    assert names(built.paths["worker"]) == shared | {".ebextensions/20-worker.config", "cron.yaml"}


def test_the_same_commit_makes_the_same_bytes(desk: Path, tmp_path: Path) -> None:
    first = bundle.build(desk, tmp_path / "out")
    second = bundle.build(desk, tmp_path / "elsewhere")

    assert [first.digest(tier) for tier in bundle.TIERS] == [
        second.digest(tier) for tier in bundle.TIERS
    ]
    assert first.label == second.label


def test_what_is_not_committed_stays_out(desk: Path, tmp_path: Path) -> None:
    before = bundle.build(desk, tmp_path / "out").digest("web")
    (desk / ".env").write_text("SECRET_KEY=x")
    (desk / "manage.py").write_text("raise SystemExit(1)")

    after = bundle.build(desk, tmp_path / "out").digest("web")

    assert after == before
    assert sorted(bundle.uncommitted(desk)) == [".env", "manage.py"]


def test_a_secret_that_is_committed_stays_out(
    desk: Path, git: Callable[..., None], tmp_path: Path
) -> None:
    for name in (".env", ".env.production", "apps/media.pem"):
        (desk / name).parent.mkdir(exist_ok=True)
        (desk / name).write_text("secret")
    git("add", "--force", ".")
    git("commit", "--quiet", "-m", "a mistake")

    built = bundle.build(desk, tmp_path / "out")

    assert not {name for name in names(built.paths["web"]) if "env" in name or "pem" in name}


def test_instances_need_no_index(desk: Path, tmp_path: Path) -> None:
    built = bundle.build(desk, tmp_path / "out")

    lines = zipfile.ZipFile(built.paths["web"]).read("requirements.txt").decode().splitlines()
    assert lines[:2] == ["--no-index", "--find-links wheels"]


def test_hooks_can_run_and_others_cannot(desk: Path, tmp_path: Path) -> None:
    built = bundle.build(desk, tmp_path / "out")

    modes = {
        each.filename: each.external_attr >> 16
        for each in zipfile.ZipFile(built.paths["web"]).infolist()
    }
    assert modes[".platform/hooks/predeploy/10_release.sh"] == 0o100755
    assert modes["manage.py"] == 0o100644


def test_the_build_knows_its_name(desk: Path, tmp_path: Path) -> None:
    """The desk's figures carry it: old and new are told apart by it."""
    built = bundle.build(desk, tmp_path / "out")

    assert zipfile.ZipFile(built.paths["worker"]).read("BUILD").decode() == f"{built.label}\n"


def test_a_hook_that_can_not_run_is_refused(
    desk: Path, git: Callable[..., None], tmp_path: Path
) -> None:
    git("update-index", "--chmod=-x", ".platform/hooks/predeploy/10_release.sh")
    git("commit", "--quiet", "-m", "x")

    with pytest.raises(BundleError, match=r"git update-index --chmod=\+x .platform/hooks"):
        bundle.build(desk, tmp_path / "out")


def test_a_balancers_option_is_refused_for_the_worker() -> None:
    files = {
        ".ebignore": File(b""),
        ".ebextensions/10-desk.config": File(b"option_settings:\n  aws:elbv2:listener:443: {}\n"),
        "Procfile": File(b"web: gunicorn\n"),
    }

    with pytest.raises(BundleError, match=r"aws:elbv2:, which a worker environment refuses"):
        bundle.of_tier(files, "worker")
    assert bundle.of_tier(files, "web").keys() == files.keys()


def test_a_download_that_was_cut_off_is_begun_anew(desk: Path, tmp_path: Path) -> None:
    (tmp_path / "index/pipe-1.0-py3-none-any.whl").rename(tmp_path / "away.whl")
    with pytest.raises(BundleError, match="pip download"):
        bundle.build(desk, tmp_path / "out")
    (tmp_path / "away.whl").rename(tmp_path / "index/pipe-1.0-py3-none-any.whl")

    built = bundle.build(desk, tmp_path / "out")

    assert "wheels/pipe-1.0-py3-none-any.whl" in names(built.paths["web"])


def tracked() -> dict[str, File]:
    """As they stand in the folder: what is checked before a commit."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return {
        name: File((ROOT / name).read_bytes(), bool((ROOT / name).stat().st_mode & 0o100))
        for name in names
        if name and (ROOT / name).is_file()
    }


@pytest.mark.parametrize("tier", bundle.TIERS)
def test_the_desks_own_files_make_a_bundle(tier: str) -> None:
    kept = bundle.of_tier(tracked(), tier)

    assert {"manage.py", "Procfile", "requirements.txt"} <= kept.keys()
    assert not [name for name in kept if name.startswith(("tests/", "docs/", ".git", ".env"))]
    assert ("cron.yaml" in kept) is (tier == "worker")


@pytest.mark.parametrize(
    ("tier", "processes"), [("web", ["web"]), ("worker", ["web", "worker", "heavy", "relay"])]
)
def test_a_tier_runs_what_its_role_may_do(tier: str, processes: list[str]) -> None:
    """Beanstalk starts every line, and the web's role may neither receive jobs nor tell facts."""
    files = tracked()

    kept = procfile.commands(bundle.of_tier(files, tier)["Procfile"].content.decode())

    assert list(kept) == processes
    assert kept.items() <= procfile.commands(files["Procfile"].content.decode()).items()


def test_the_eb_cli_ships_what_was_built() -> None:
    config = yaml.safe_load((ROOT / ".elasticbeanstalk/config.yml").read_text())

    assert config["deploy"]["artifact"] == "var/bundles/web.zip"


def test_the_eb_clis_own_rules_leave_out_repository_and_secrets() -> None:
    """Should somebody take the artifact out: with an .ebignore it ships all that is not named."""
    named = (ROOT / ".ebignore").read_text().splitlines()

    assert {".git/", ".env", ".env.*", "var/", ".venv/"} <= set(named)
