"""An instance that Auto Scaling wants to end finishes its work, and says so."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy import leaving
from deploy.leaving import HOOK, Metadata, let_go, stop_work, wait_until_leaving
from tests.deploy.ebextensions import files_of, value

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


@pytest.mark.parametrize("is_worker", [True, False])
def test_stops_who_brings_work_before_who_does_it(*, is_worker: bool) -> None:
    done: list[object] = []

    def run(command: list[str]) -> int:
        done.append(command[-1])
        return 5  # what systemctl says of a unit that the tier doesn't have

    stop_work(is_worker=is_worker, run=run, sleep=done.append)

    units = [f"{name}.service" for name in ("sqsd", "relay", "worker", "web", "nginx")]
    assert done == (units if is_worker else [leaving.DRAIN, *units])


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


def test_the_hook_is_the_environments_and_waits_long_enough() -> None:
    files = files_of("web")
    hook = files["10-desk.config"]["Resources"]["DeskLeaves"]["Properties"]
    process = "aws:elasticbeanstalk:environment:process:default"

    assert hook["LifecycleHookName"] == HOOK
    assert int(value(files, process, "DeregistrationDelay")) < leaving.DRAIN
    assert hook["HeartbeatTimeout"] > leaving.DRAIN + 300
