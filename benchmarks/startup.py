"""How soon `make run` answers its first page on a machine that has run it once, and what it weighs.

    python benchmarks/startup.py [runs]

Starts the desk on a folder of its own, with its demo, and stops it again. Prints medians.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_page(url: str) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit(f"{url} never answered")


def resident(group: int) -> dict[str, list[float]]:
    """MB of proportional set size of each process in a group, by kind."""
    found: dict[str, list[float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if os.getpgid(int(folder.name)) == os.getpgid(os.getpid()):
                continue
            if os.getsid(int(folder.name)) != group:
                continue
            status = (folder / "status").read_text()
        except (OSError, ValueError):
            continue
        kinds = {"gunicorn": "web", "celery": "worker", "manage.py relay": "relay"}
        kind = next((name for mark, name in kinds.items() if mark in command), None)
        line = next((line for line in status.splitlines() if line.startswith("VmRSS")), None)
        if kind and line:
            found.setdefault(kind, []).append(int(line.split()[1]) / 1024)
    return found


def run_once(folder: str) -> tuple[float, dict[str, list[float]]]:
    port = free_port()
    env = os.environ | {"VAR_DIR": folder, "PORT": str(port)}
    began = time.monotonic()
    desk = subprocess.Popen(
        [ROOT / "scripts" / "run"], env=env, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_page(f"http://127.0.0.1:{port}/")
        took = time.monotonic() - began
        for _ in range(200):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=20).read()
        return took, resident(desk.pid)
    finally:
        os.killpg(desk.pid, signal.SIGTERM)
        desk.wait(timeout=60)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        first, _ = run_once(folder)
        later = [run_once(folder) for _ in range(runs)]
    print(f"first start, demo loaded: {first:.1f} s")
    print(f"later starts, median of {runs}: {statistics.median(t for t, _ in later):.2f} s")
    for kind, sizes in later[-1][1].items():
        listed = ", ".join(f"{size:.0f}" for size in sorted(sizes))
        print(f"{kind}: {listed} MB resident, after 200 pages")


if __name__ == "__main__":
    main()
