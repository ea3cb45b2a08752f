"""An instance that Auto Scaling wants to end finishes its work, and says so."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy import bundle, leaving, procfile
from deploy.leaving import HOOK, Metadata, let_go, stop_work, wait_until_leaving
from tests.deploy.ebextensions import files_of, value
from tests.deploy.sandbox import ROOT, Sandbox
from tests.e2e.desk import commands

SYSTEMDS_OWN = 90  # seconds that a unit has which says nothing: DefaultTimeoutStopSec
STATE = "/latest/meta-data/autoscaling/target-lifecycle-state"


class Service(BaseHTTPRequestHandler):
    """The metadata service as an instance has it, which answers nobody without a token."""

    said: dict[str, Any] = {}

    def do_PUT(self) -> None:
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self._answer(200, "a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            self._answer(401, "")
            return
        found = self.said.get(self.path)
        if found is None:
            self._answer(404, "")
        else:
            self._answer(200, found if isinstance(found, str) else next(found))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing to the terminal."""


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    said = {
        STATE: itertools.chain(["InService", "InService"], itertools.repeat("Terminated")),
        "/latest/meta-data/instance-id": "i-0abc",
        "/latest/meta-data/placement/region": "eu-central-1",
    }
    monkeypatch.setattr(Service, "said", said)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Metadata(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


def test_waits_until_the_group_wants_it_gone(metadata: Metadata) -> None:
    slept: list[float] = []

    wait_until_leaving(metadata, sleep=slept.append)

    assert slept == [leaving.LOOK, leaving.LOOK]


def test_goes_on_waiting_where_nobody_says_anything(metadata: Metadata) -> None:
    """Without a hook there is no such entry, and a service may be away for a moment."""

    class EnoughError(Exception):
        pass

    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise EnoughError

    Service.said.pop(STATE)
    with pytest.raises(EnoughError):
        wait_until_leaving(metadata, sleep=sleep)
    slept.clear()
    with pytest.raises(EnoughError):
        wait_until_leaving(Metadata("http://127.0.0.1:9"), sleep=sleep)


def stopped(processes: tuple[str, ...], *, is_worker: bool) -> list[object]:
    """What is told to systemd, in order, and how long is slept."""
    done: list[object] = []

    def run(command: list[str]) -> int:
        assert command[:2] == ["systemctl", "stop"]
        done.append(" ".join(command[2:]).replace(".service", ""))
        return 5  # what systemctl says of a unit that the tier doesn't have

    stop_work(processes, is_worker=is_worker, run=run, sleep=done.append)
    return done


def test_a_worker_stops_its_processes_side_by_side() -> None:
    """And who brings work before who does it."""
    others = " ".join(name for name in commands() if name != "web")

    assert "heavy" in others
    assert stopped(tuple(commands()), is_worker=True) == [
        f"--no-block {others}", "sqsd", "web", "nginx", others
    ]  # fmt: skip


def test_a_web_instance_answers_until_nobody_asks() -> None:
    assert stopped(("web",), is_worker=False) == [leaving.DRAIN, "sqsd", "web", "nginx"]


@pytest.mark.parametrize("tier", bundle.TIERS)
def test_all_are_done_before_the_instance_is_no_longer_kept(tier: str, tmp_path: Path) -> None:
    """Whichever way it takes: that it has no poster is seen of the poster, which may be ill."""
    sandbox = Sandbox(tmp_path / "one", {})
    text = (ROOT / procfile.NAME).read_text()
    sandbox.own(procfile.NAME).write_text(procfile.of_tier(text, tier))
    sandbox.run(sandbox.app / ".platform/bin/units")
    least = {
        path.parent.name.partition(".")[0]: int(path.read_text().rpartition("TimeoutStopSec=")[2])
        for path in sandbox.units.glob("*.service.d/*.conf")
    }
    processes = procfile.processes(sandbox.app)
    hook = files_of(tier)["10-desk.config"]["Resources"]["DeskLeaves"]["Properties"]

    assert least.keys() == {*processes, "nginx"}
    least["sqsd"] = SYSTEMDS_OWN
    in_order = sum(least[unit] for unit in leaving.IN_ORDER)
    beside = max([least[name] for name in processes if name not in leaving.IN_ORDER], default=0)
    longest = leaving.DRAIN + max(in_order, beside)
    assert longest + SYSTEMDS_OWN / 3 <= hook["HeartbeatTimeout"]  # some for the two calls to AWS


def test_tells_the_group_that_it_has_now(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch, aws: dict[str, str]
) -> None:
    client = boto3.client("autoscaling")
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    with Stubber(client) as stub:
        group = {"AutoScalingGroupName": "awseb-e-x-immutable", "InstanceId": "i-0abc"}
        stub.add_response(
            "describe_auto_scaling_instances",
            {
                "AutoScalingInstances": [
                    {
                        **group,
                        "AvailabilityZone": "eu-central-1a",
                        "LifecycleState": "Terminating:Wait",
                        "HealthStatus": "HEALTHY",
                        "ProtectedFromScaleIn": False,
                    }
                ]
            },
            {"InstanceIds": ["i-0abc"]},
        )
        stub.add_response(
            "complete_lifecycle_action",
            {},
            {**group, "LifecycleHookName": HOOK, "LifecycleActionResult": "CONTINUE"},
        )

        let_go(metadata)

        stub.assert_no_pending_responses()


def test_the_hook_is_the_environments_and_the_balancer_is_done_first() -> None:
    files = files_of("web")
    hook = files["10-desk.config"]["Resources"]["DeskLeaves"]["Properties"]
    process = "aws:elasticbeanstalk:environment:process:default"

    assert hook["LifecycleHookName"] == HOOK
    assert int(value(files, process, "DeregistrationDelay")) < leaving.DRAIN
