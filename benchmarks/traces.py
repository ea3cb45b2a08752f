"""What traces and figures cost a page, in CPU of the process that serves it.

    python benchmarks/traces.py [rounds] [pages a round]

Ways take turns, round by round, so that other work on the machine hits all alike; the median of the
rounds counts. The collector is a process of its own. The page is the portal's home for somebody who
is signed in, as the test client asks for it: no socket, so that what is added stands out.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAYS = {
    "off": {},
    "figures": {"METRICS_URL": "lines:{folder}/figures"},
    "traces, 5 %": {"TRACES_URL": "otlp+http://127.0.0.1:{port}?sample=5"},
    "traces, 100 %": {"TRACES_URL": "otlp+http://127.0.0.1:{port}?sample=100"},
    "both, 5 %": {
        "METRICS_URL": "lines:{folder}/figures",
        "TRACES_URL": "otlp+http://127.0.0.1:{port}?sample=5",
    },
}  # fmt: skip
COLLECTOR = """
import http.server
class Take(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
SERVE = """
import sys, time
import django
django.setup()
from django.test import Client
from apps.accounts.models import User
from demo.reading import load_desk
demo = load_desk()
email = next(demo.people[e.person].email for e in demo.sign_ins if e.label == "Customer")
client = Client()
client.force_login(User.objects.get(email=email))
for _ in range(50):
    assert client.get("/", headers={"host": "localhost"}).status_code == 200
print("ready", flush=True)
for line in sys.stdin:
    pages = int(line)
    began = time.process_time()
    for _ in range(pages):
        client.get("/", headers={"host": "localhost"})
    print(time.process_time() - began, flush=True)
"""


def main(rounds: int = 15, pages: int = 200) -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "VAR_DIR": folder, "DEMO": "1", "LOG_LEVEL": "WARNING"}
        env |= {"DJANGO_SETTINGS_MODULE": "project.settings", "PYTHONPATH": str(ROOT)}
        for arguments in (["release", "-v0"], ["demo", "--tickets", "100"]):
            subprocess.run(
                [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        collector = _started(COLLECTOR, env)
        port = _line(collector)
        ways = {
            name: _started(SERVE, env | _filled(given, folder=folder, port=port))
            for name, given in WAYS.items()
        }
        try:
            for process in ways.values():
                assert _line(process) == "ready"
            _report(_measured(ways, rounds, pages), pages)
        finally:
            for process in (*ways.values(), collector):
                process.kill()
                process.wait()


def _filled(given: dict[str, str], **known: str) -> dict[str, str]:
    return {name: value.format(**known) for name, value in given.items()}


def _started(code: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _measured(
    ways: dict[str, subprocess.Popen[str]], rounds: int, pages: int
) -> dict[str, list[float]]:
    """Seconds of CPU a round."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, process in ways.items():
            assert process.stdin is not None
            process.stdin.write(f"{pages}\n")
            process.stdin.flush()
            found[name].append(float(_line(process)))
            time.sleep(0.05)
    return found


def _report(found: dict[str, list[float]], pages: int) -> None:
    off = statistics.median(found["off"])
    print(f"{'':16}{'ms a page':>10}{'more':>9}")
    for name, seconds in found.items():
        median = statistics.median(seconds)
        print(f"{name:16}{1000 * median / pages:10.3f}{100 * (median / off - 1):+8.1f}%")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
