"""What an instance does with the lines of the desk's processes: rsyslog itself, on a folder."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.agent import configuration
from tests.deploy.sandbox import OPTIONS, Sandbox
from tests.e2e.desk import PATIENCE, commands

PROCESSES = tuple(commands())

# /etc/rsyslog.conf, as far as it matters here. On an instance the journal brings the lines, with
# nothing before the text; here a socket does, in a form with a space there, or in one without.
MAIN = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket}" ratelimit.interval="0"
    useSpecialParser="off" parseHostname="on")
include(file="{folder}/etc/rsyslog.d/*.conf" mode="optional")
*.info {folder}/var/log/messages
"""
# The platform's own: /opt/elasticbeanstalk/config/private/rsyslog.conf.template, for two processes.
PLATFORM = """
if $programname  == 'web' then {{
    *.=warning;*.=err;*.=crit;*.=alert;*.=emerg {folder}/var/log/web.stderr.log
    *.=info;*.=notice {folder}/var/log/web.stdout.log
}}
if $programname  == 'other' then {{
    *.=info;*.=notice {folder}/var/log/other.stdout.log
}}
"""
INFO, ERROR = 30, 27  # of daemons, as systemd marks what processes write
OLD = "<{level}>Nov 28 12:00:00 host {process}[7]: {line}"  # RFC 3164: the space is the text's
NEW = "<{level}>1 2026-11-28T12:00:00Z host {process} 7 - - {line}"  # RFC 5424


def program(name: str) -> str:
    """Where it is. A test without it is skipped, and fails where everything must be there."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{name} is missing")
        pytest.skip(f"{name} is not installed")
    return found


class Rsyslog:
    """On a sandbox, after the hooks have been there. `say` brings it a line as a process's."""

    def __init__(self, sandbox: Sandbox, short: Path) -> None:
        self.folder, self.socket = sandbox.folder, short / "log"
        self.conf = self.folder / "etc/rsyslog.conf"
        self.conf.write_text(MAIN.format(folder=self.folder, socket=self.socket))
        (self.folder / "etc/rsyslog.d/web.conf").write_text(PLATFORM.format(folder=self.folder))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [program("rsyslogd"), "-n", "-f", str(self.conf), "-i", str(self.folder / "pid")]
        with (self.folder / "rsyslog.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        self._wait(self.socket.exists)

    def stop(self) -> None:
        """It writes all that it was told before it ends."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def say(self, process: str, line: str, level: int = INFO, *, form: str = NEW) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.connect(str(self.socket))
            to.send(form.format(level=level, process=process, line=line).encode())

    def lines(self, name: str, *, least: int) -> list[str]:
        path = self.folder / "var/log" / name
        self._wait(lambda: path.exists() and path.read_text().count("\n") >= least)
        return path.read_text().splitlines()

    def _wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, (self.folder / "rsyslog.log").read_text()
            time.sleep(0.05)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "one", {})


def hook(sandbox: Sandbox) -> str:
    (found,) = [path for path in sandbox.hooks("hooks/predeploy") if path.name == "30_logs.sh"]
    done = sandbox.run(found)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def rsyslog(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rsyslog]:
    hook(sandbox)
    # The name of a socket may have 108 characters.
    started = Rsyslog(sandbox, tmp_path_factory.mktemp("s"))
    started.start()
    yield started
    started.stop()


LINES = [
    json.dumps({"message": 'Größe, "quoted", {braces}', "user": 7}, ensure_ascii=False),
    json.dumps({"message": "tab\there, line\nthere"}),
    json.dumps({"exception": "x" * 40_000}),
]


@pytest.mark.parametrize("form", [OLD, NEW], ids=["spaced", "plain"])
@pytest.mark.parametrize("process", PROCESSES)
def test_a_line_is_what_the_process_wrote(rsyslog: Rsyslog, process: str, form: str) -> None:
    for line in LINES:
        rsyslog.say(process, line, form=form)

    assert rsyslog.lines(f"{process}.stdout.log", least=3) == LINES


def test_what_is_no_json_is_kept_as_it_is(rsyslog: Rsyslog) -> None:
    """Such as the traceback of a process that did not come to have a log."""
    for line in ("Traceback (most recent call last):", '  File "manage.py"', "KeyError: 1"):
        rsyslog.say("web", line, ERROR)

    assert rsyslog.lines("web.stdout.log", least=3)[1] == '  File "manage.py"'


def test_everything_else_is_the_platforms_as_before(rsyslog: Rsyslog) -> None:
    rsyslog.say("web", "{}", ERROR)
    rsyslog.say("other", "hello", form=OLD)
    rsyslog.say("sshd", "hello")

    assert rsyslog.lines("other.stdout.log", least=1)[0].endswith(" other[7]: hello")
    assert len(rsyslog.lines("messages", least=2)) == 2
    assert rsyslog.lines("web.stdout.log", least=1) == ["{}"]
    assert not (rsyslog.folder / "var/log/web.stderr.log").exists()


def test_the_files_are_those_that_are_sent(rsyslog: Rsyslog) -> None:
    told = configuration("env", OPTIONS, processes=PROCESSES)["logs"]["logs_collected"]
    for process in PROCESSES:
        rsyslog.say(process, "{}")
        rsyslog.lines(f"{process}.stdout.log", least=1)

    there = {f"/var/log/{path.name}" for path in (rsyslog.folder / "var/log").iterdir()}
    assert {each["file_path"] for each in told["files"]["collect_list"]} == there


def test_a_rotated_file_is_followed_by_a_new_one(sandbox: Sandbox, rsyslog: Rsyslog) -> None:
    rotating = program("logrotate")
    config = sandbox.folder / "etc/logrotate.d/desk"
    own = f"su {_own()}"
    config.write_text(config.read_text().replace("su root root", own))
    config.chmod(0o644)
    pid = rsyslog.process.pid if rsyslog.process else 0
    sandbox.program("bin/systemctl", f'#!/bin/sh\necho "$@" >>"{sandbox.told}"\nkill -HUP {pid}\n')
    rsyslog.say("worker", '{"n": 1}')
    rsyslog.lines("worker.stdout.log", least=1)

    words = [rotating, "--force", "--state", str(sandbox.folder / "state"), str(config)]
    path = f"{sandbox.folder / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(words, env={"PATH": path}, capture_output=True, text=True, check=False)
    _until_reopened(rsyslog)
    rsyslog.say("worker", '{"n": 2}')

    assert (done.returncode, done.stderr) == (0, "")
    assert rsyslog.lines("worker.stdout.log.1", least=1) == ['{"n": 1}']
    assert rsyslog.lines("worker.stdout.log", least=1) == ['{"n": 2}']
    assert "kill --kill-who=main --signal=HUP rsyslog.service" in sandbox.told.read_text()


def _own() -> str:
    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


def _until_reopened(rsyslog: Rsyslog) -> None:
    """It lets go of its files some time after it is told to."""
    assert rsyslog.process is not None
    files = Path(f"/proc/{rsyslog.process.pid}/fd")
    deadline = time.monotonic() + PATIENCE
    while any("worker.stdout.log" in str(each.readlink()) for each in files.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_rsyslog_is_started_anew_for_something_new_alone(sandbox: Sandbox) -> None:
    hook(sandbox)
    hook(sandbox)

    assert sandbox.told.read_text() == "restart rsyslog.service\n"


def test_lines_keep_their_prefix_where_rsyslog_refuses_ours(sandbox: Sandbox) -> None:
    """And a version is not kept back for it."""
    real = program("rsyslogd")
    sandbox.program("bin/rsyslogd", f'#!/bin/sh\nexec {real} "$@"\n')
    Rsyslog(sandbox, sandbox.folder)
    ours = sandbox.app / ".platform/rsyslog/00-desk.conf"
    ours.write_text(ours.read_text().replace("droplastlf", "droplast"))

    said = hook(sandbox)

    assert "LOGS KEEP THEIR PREFIX" in said
    assert not sandbox.rules.exists()
    assert sandbox.told.read_text() == "restart rsyslog.service\n"


def test_the_journal_may_have_more_lines_than_the_default(sandbox: Sandbox) -> None:
    """As the distribution's file has it, over two lines; another version finds it done."""
    real = program("rsyslogd")
    sandbox.program("bin/rsyslogd", f'#!/bin/sh\nexec {real} "$@"\n')
    conf = sandbox.folder / "etc/rsyslog.conf"
    conf.write_text(
        'module(load="imjournal"             # provides access to the systemd journal\n'
        '       StateFile="imjournal.state") # File to store the position in the journal\n'
        f"*.info {sandbox.folder}/var/log/messages\n"
    )

    hook(sandbox)
    once = conf.read_text()
    hook(sandbox)

    assert 'module(load="imjournal" RateLimit.Interval="600" RateLimit.Burst="600000"  ' in once
    assert conf.read_text() == once
    assert sandbox.told.read_text() == "restart rsyslog.service\n"


def test_the_limit_stays_where_rsyslog_refuses_another(sandbox: Sandbox) -> None:
    sandbox.program("bin/rsyslogd", '#!/bin/sh\n! grep -q RateLimit "$3"\n')
    conf = sandbox.folder / "etc/rsyslog.conf"
    conf.write_text('module(load="imjournal" StateFile="imjournal.state")\n')

    said = hook(sandbox)

    assert "LOGS LOSE LINES" in said
    assert conf.read_text() == 'module(load="imjournal" StateFile="imjournal.state")\n'
