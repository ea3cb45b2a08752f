"""A folder that looks like a Beanstalk instance to the hooks, and what they say to systemd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = Path(sys.executable).parent.parent
# What hooks name on an instance. Each becomes a folder of the sandbox.
PLACES = ("/var/app", "/var/proxy", "/opt/elasticbeanstalk", "/etc/systemd")
SYSTEMCTL = '#!/bin/sh\necho "$@" >>"{told}"\n'
GET_CONFIG = '#!/bin/sh\n[ "$1" = environment ] && cat "{properties}"\n'


class Sandbox:
    """`app` is the version that is deployed: the whole of this one, unless it is changed."""

    def __init__(self, folder: Path, properties: Mapping[str, str]) -> None:
        self.folder = folder
        self.told = folder / "systemctl.log"
        self.limits = folder / "var/proxy/staging/nginx/conf.d/elasticbeanstalk/20_limits.conf"
        self.units = folder / "etc/systemd/system"
        self.limits.parent.mkdir(parents=True)
        self.units.mkdir(parents=True)
        (folder / "var/app/venv").mkdir(parents=True)
        (folder / "var/app/venv/staging-LQM1lest").symlink_to(VENV)
        (folder / "properties.json").write_text(json.dumps(dict(properties)))
        self._program("bin/systemctl", SYSTEMCTL.format(told=self.told))
        self._program(
            "opt/elasticbeanstalk/bin/get-config",
            GET_CONFIG.format(properties=folder / "properties.json"),
        )
        self.app = folder / "var/app/staging"
        self.app.mkdir()
        for path in ROOT.iterdir():
            if path.name not in {".git", ".platform", ".venv", "var"}:
                (self.app / path.name).symlink_to(path)
        for name in ("manage.py", "project"):  # Python and the settings look where these really are
            self.own(name)
        shutil.copytree(ROOT / ".platform", self.app / ".platform")
        for path in (self.app / ".platform").rglob("*"):
            if path.is_file():
                path.write_text(self._here(path.read_text()))
        (folder / "var/app/current").symlink_to(self.app)

    def own(self, name: str) -> Path:
        """A part of the version that is this sandbox's own, to be changed."""
        path = self.app / name
        path.unlink()
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, path)
            return path
        shutil.copytree(ROOT / name, path, ignore=shutil.ignore_patterns("__pycache__"))
        return path

    def hooks(self, kind: str) -> list[Path]:
        """Such as hooks/predeploy, in the order in which the platform runs them."""
        return sorted((self.app / ".platform" / kind).iterdir())

    def start(self, hook: Path) -> subprocess.Popen[str]:
        """As the platform does: with nearly nothing in its environment."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.Popen(
            [str(hook)],
            env={"PATH": path, "HOME": "/", "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, hook: Path) -> subprocess.CompletedProcess[str]:
        process = self.start(hook)
        out, _ = process.communicate(timeout=240)
        return subprocess.CompletedProcess([str(hook)], process.returncode, out, "")

    def deploy(self, kind: str = "hooks/predeploy") -> str:
        """Run the hooks until one fails; what they said. Raises AssertionError."""
        said = ""
        for hook in self.hooks(kind):
            done = self.run(hook)
            said += done.stdout
            assert done.returncode == 0, f"{hook.name}: {said}"
        return said

    def _program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def _here(self, text: str) -> str:
        for place in PLACES:
            text = text.replace(place, f"{self.folder}{place}")
        return text
