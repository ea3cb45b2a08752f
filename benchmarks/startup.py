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


def sizes(root: int) -> dict[str, list[float]]:
    """MB that each process below `root` holds, by kind; shared pages count in full."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue  # it ended meanwhile
    found: dict[str, list[float]] = {}
    kinds = {
        "gunicorn": "web",
        "-Q heavy": "heavy",
        "celery": "worker",
        "manage.py relay": "relay",
    }
    for pid in (pid for pid in parents if _is_below(pid, root, parents)):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        status = Path(f"/proc/{pid}/status").read_text()
        kind = next((name for mark, name in kinds.items() if mark in command), None)
        line = next((line for line in status.splitlines() if line.startswith("VmRSS")), None)
        if kind and line and not command.startswith(("/bin/sh", "sh ")):
            found.setdefault(kind, []).append(int(line.split()[1]) / 1024)
    return found


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != root:
        pid = parents[pid]
    return pid == root


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
        return took, sizes(desk.pid)
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
    held = later[-1][1]
    if not held:
        raise SystemExit("no process of the desk was found: nothing was measured")
    for kind, each in held.items():
        listed = ", ".join(f"{size:.0f}" for size in sorted(each))
        print(f"{kind}: {listed} MB resident, after 200 pages")


if __name__ == "__main__":
    main()
