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
PLACES = (
    "/var/app", "/var/proxy", "/var/log", "/opt/elasticbeanstalk", "/opt/aws", "/etc/systemd",
    "/etc/rsyslog", "/etc/logrotate.d",
)  # fmt: skip
SYSTEMCTL = '#!/bin/sh\necho "$@" >>"{told}"\n'
GET_CONFIG = """#!/bin/sh
case "$*" in
    environment) cat "{folder}/properties.json" ;;
    optionsettings) cat "{folder}/options.json" ;;
    "container -k environment_name") echo tendril-test-web-a ;;
    *) exit 1 ;;
esac
"""
# What `amazon-cloudwatch-agent-ctl` does with files: what is fetched drops all others, what is
# appended stays beside them, and what is refused is left behind and read the next time. After its
# source (packaging/dependencies, tool/downloader). Here it refuses what is no JSON.
AGENT = """#!/bin/sh
set -eu
etc="{folder}/opt/aws/amazon-cloudwatch-agent/etc"
from=${{7#file:}}
to="$etc/amazon-cloudwatch-agent.d/file_$(basename "$from")"
[ "$1 $3 $4 $5 $6" = "-a -m ec2 -s -c" ]
echo "$2 $(basename "$from")" >>"{folder}/agent.log"
cp "$from" "$to.tmp"
for file in "$etc"/amazon-cloudwatch-agent.d/*; do
    "{python}" -m json.tool "$file" >"$etc/told" || exit 1
done
[ "$2" = append-config ] || rm -f "$etc"/amazon-cloudwatch-agent.d/*.json
mv "$to.tmp" "$to"
"""
OPTIONS = {"aws:elasticbeanstalk:cloudwatch:logs": {"StreamLogs": "true", "RetentionInDays": "30"}}


class Sandbox:
    """`app` is the version that is deployed: the whole of this one, unless it is changed."""

    def __init__(self, folder: Path, properties: Mapping[str, str]) -> None:
        self.folder = folder
        self.told = folder / "systemctl.log"
        self.nginx = folder / "var/proxy/staging/nginx/conf.d/elasticbeanstalk/20_settings.conf"
        self.units = folder / "etc/systemd/system"
        self.rules = folder / "etc/rsyslog.d/00-desk.conf"
        self.agent = folder / "opt/aws/amazon-cloudwatch-agent"
        self.nginx.parent.mkdir(parents=True)
        self.units.mkdir(parents=True)
        for name in ("etc/rsyslog.d", "etc/logrotate.d", "var/log"):
            (folder / name).mkdir(parents=True)
        (folder / "var/app/venv").mkdir(parents=True)
        (folder / "var/app/venv/staging-LQM1lest").symlink_to(VENV)
        self.properties = dict(properties)
        self.change()
        (folder / "options.json").write_text(json.dumps(OPTIONS))
        self.program("bin/systemctl", SYSTEMCTL.format(told=self.told))
        self.program("bin/rsyslogd", "#!/bin/sh\n")
        self.program("opt/elasticbeanstalk/bin/get-config", GET_CONFIG.format(folder=folder))
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

    def change(self, **properties: str) -> None:
        """Set properties of the environment."""
        self.properties |= properties
        (self.folder / "properties.json").write_text(json.dumps(self.properties))

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

    def with_agent(self) -> None:
        """As the platform leaves it: installed, and told of the files that the platform knows."""
        (self.agent / "etc/amazon-cloudwatch-agent.d").mkdir(parents=True)
        self.program(
            "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl",
            AGENT.format(folder=self.folder, python=sys.executable),
        )
        self.fetch()

    def fetch(self) -> None:
        """As the platform does in each deployment: whatever else the agent was told is dropped."""
        files = [{"file_path": f"/var/log/{name}"} for name in ("web.stdout.log", "eb-engine.log")]
        given = self.agent / "etc/beanstalk.json"
        given.write_text(
            json.dumps({"logs": {"logs_collected": {"files": {"collect_list": files}}}})
        )
        control = self.agent / "bin/amazon-cloudwatch-agent-ctl"
        fetch = ["-a", "fetch-config", "-m", "ec2", "-s", "-c", f"file:{given}"]
        subprocess.run([str(control), *fetch], check=True)

    def program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def _here(self, text: str) -> str:
        for place in PLACES:
            text = text.replace(place, f"{self.folder}{place}")
        return text
