"""nginx as an instance has it: the platform's own files, with .platform/nginx laid over them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.desk import PATIENCE, free_port

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = Path(__file__).parent / "deploy" / "nginx"


def program() -> str:
    """Where nginx is. A test without it is skipped, and fails where everything must be there."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI") == "true":
            raise AssertionError("nginx is missing")
        pytest.skip("nginx is not installed")
    return found


class Nginx:
    """A server on a port and in a folder of its own. `etc` is what would be /etc/nginx."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.etc = folder / "etc"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "log" / "healthd").mkdir(parents=True)
        (folder / "html").mkdir()  # without a root there is no log with a variable in its name
        self.etc.mkdir()

    def as_instance(self, *, app: int, ours: Path = ROOT / ".platform" / "nginx") -> None:
        """Lay our files over the platform's, as a deployment does; `app` is gunicorn's port."""
        shutil.copytree(PLATFORM, self.etc, dirs_exist_ok=True)
        shutil.copytree(ours, self.etc, dirs_exist_ok=True)
        for path in self.etc.rglob("*.conf"):
            path.write_text(self._here(path.read_text(), app))

    def _here(self, text: str, app: int) -> str:
        """With our folders, ports and user."""
        for old, new in {
            "/etc/nginx/pages": f"{self.etc}/pages",
            "/var/log/nginx": f"{self.folder}/log",
            "/var/run/nginx.pid": f"{self.folder}/nginx.pid",
            "127.0.0.1:8000": f"127.0.0.1:{app}",
        }.items():
            text = text.replace(old, new)
        # Tests' folders are for their owner alone, and only root may become somebody else.
        text = re.sub(r"(?m)^user .*$", "user root;" if os.geteuid() == 0 else "", text)
        text = re.sub(r"worker_processes .*;", "worker_processes 1;", text)
        return re.sub(r"listen +80 ", f"listen 127.0.0.1:{self.port} ", text)

    def test(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command(), "-t"], capture_output=True, text=True, check=False, timeout=30
        )

    def start(self) -> None:
        with (self.folder / "nginx.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command("daemon off;")], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "nginx.log").read_text()
            time.sleep(0.05)
        raise AssertionError("nginx doesn't listen")

    def reload(self) -> None:
        """Take a changed configuration, and answer what is under way by the old one."""
        done = subprocess.run(
            [*self._command(), "-s", "reload"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """As systemd does: SIGQUIT, which answers what is under way."""
        if self.process is not None:
            self.process.send_signal(3)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def _command(self, more: str = "") -> list[str]:
        # Debian's would keep bodies in folders of root's.
        temporary = "".join(
            f" {name}_temp_path {self.folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf = self.etc / "nginx.conf"
        text = conf.read_text()
        if "_temp_path" not in text:
            conf.write_text(re.sub(r"http \{", f"http {{{temporary}", text, count=1))
        command = [program(), "-c", str(conf), "-p", str(self.folder)]
        command += ["-e", str(self.folder / "log" / "error.log")]
        return [*command, "-g", more] if more else command
