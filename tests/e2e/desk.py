"""A real desk for a test: the Procfile's processes on a folder and a database of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from deploy import procfile

ROOT = Path(__file__).resolve().parents[2]
_IMPORTS = """
from apps.events.models import Delivery, Event
from apps.notifications.models import Notification, OutgoingMail
from apps.tickets.models import Ticket
"""
_COUNTS = {
    "pending": "Delivery.objects.pending().count() + Delivery.objects.parked().count()",
    "mail": "Notification.objects.filter(settled_at=None).count()"
    " + OutgoingMail.objects.exclude(state='sent').count()",
    "bare": "Ticket.objects.filter(messages=None).count()",
    "facts": "Event.objects.filter(name='ticket.raised', subject__in=["
    "f'ticket:{pk}' for pk in Ticket.objects.filter(subject__startswith='Stopping')"
    ".values_list('pk', flat=True)]).count()",
}
PATIENCE = 60  # seconds: generous, for a busy machine
SECRET_KEY = "known to everybody: for the desks of browser tests alone"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def commands(path: Path = ROOT / procfile.NAME) -> dict[str, str]:
    """A Procfile's command lines, by the names of the processes."""
    return procfile.commands(path.read_text())


class Desk:
    """Start with `start()`, end with `stop()`; `kill(name)` is a SIGKILL of the whole group."""

    def __init__(self, folder: Path, *, database_url: str | None = None, **env: str) -> None:
        self.folder = folder
        self.root = ROOT  # of the version that runs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/"),
            "VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "SITE_URL": self.url,
            "DEMO": "1",
            "PYTHONUNBUFFERED": "1",
            **({"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY} if database_url else {}),
            **env,
        }
        self.commands = commands()

    def move_to(self, cloud: Mapping[str, str]) -> None:
        """Before it starts: stand on AWS's services, of which it is told nothing but a prefix."""
        for name in ("DATABASE_URL", "SECRET_KEY", "SITE_URL"):
            self.env.pop(name, None)
        self.env |= cloud
        self.commands = commands() | commands(ROOT / "infra" / "local" / "Procfile")

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        for name in self.commands:
            self.start_one(name)
        self.wait_until_ready()

    def start_one(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["/bin/bash", "-c", f"exec {self.commands[name]}"],
                cwd=self.root,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(f"not ready:\n{self.logs()}")

    def kill(self, name: str) -> None:
        self._signal(name, signal.SIGKILL)

    def stop(self) -> None:
        for name in self.processes:
            self._signal(name, signal.SIGTERM, wait=False)
        for name, process in self.processes.items():
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self._signal(name, signal.SIGKILL)
        self.processes.clear()

    def _signal(self, name: str, what: signal.Signals, *, wait: bool = True) -> None:
        process = self.processes[name]
        try:
            if what == signal.SIGKILL:
                os.killpg(process.pid, what)
            else:
                process.send_signal(what)
        except ProcessLookupError:
            pass
        if wait:
            process.wait(timeout=PATIENCE)

    def ask(self, expression: str) -> str:
        """What a Python expression over the desk's own models gives, as text."""
        return self.run(f"{_IMPORTS}\nprint({expression})")

    def run(self, script: str) -> str:
        """What a script prints that runs inside the desk."""
        return self.manage("shell", "--no-imports", "--command", script).strip()

    def count(self, what: str) -> int:
        return int(self.ask(_COUNTS[what]))

    def tickets(self, prefix: str) -> list[str]:
        """Subjects of tickets that begin so."""
        rows = f"Ticket.objects.filter(subject__startswith={prefix!r})"
        return self.ask(f"chr(10).join({rows}.values_list('subject', flat=True))").splitlines()

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
            for path in sorted(self.folder.glob("*.log"))
        )
