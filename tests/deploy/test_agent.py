"""The CloudWatch agent of an instance is told of figures, traces, logs, and takes what we send."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from apps.ops.metrics.table import BY_NAME
from deploy import agent, procfile
from deploy.agent import LOGS, configuration
from tests.deploy.ebextensions import TABLE
from tests.deploy.sandbox import OPTIONS, Sandbox
from tests.deploy.templates import listed, parse, properties, text_of, written
from tests.deploy.test_roles import actions, allowed, policies
from tests.e2e.desk import Desk, commands

PROCESSES = tuple(commands())
OURS = ("DeskPolicy", "PlatformPolicy")
# Fields of translator/config/schema.json in aws/amazon-cloudwatch-agent, as far as ours has any. It
# was held to the whole of that, once: it knows all of them, and refuses one more.
FIELDS: dict[str, Any] = {
    "logs": {
        "metrics_collected": {"emf": {"service_address": r"tcp://127\.0\.0\.1:\d+"}},
        "logs_collected": {
            "files": {
                "collect_list": [
                    {
                        "file_path": r"/\S+",
                        "log_group_name": r"[\w./-]{1,512}",
                        "log_stream_name": r"[^:*]{1,512}",
                        "retention_in_days": "|".join(TABLE["enums"][f"{LOGS}/RetentionInDays"]),
                    }
                ]
            }
        },
    },
    "traces": {"traces_collected": {"otlp": {"http_endpoint": r"[\w.]+:\d+"}}},
}


def complaints(told: Any, known: Any, where: str = "") -> Iterator[str]:
    """Where a configuration has what the agent does not know."""
    if isinstance(known, dict):
        for name, value in told.items():
            if name in known:
                yield from complaints(value, known[name], f"{where}/{name}")
            else:
                yield f"{where}/{name} is nothing that the agent knows"
    elif isinstance(known, list):
        for each in told:
            yield from complaints(each, known[0], where)
    elif not re.fullmatch(known, str(told)):
        yield f"{where} is {told}"


def sent(told: dict[str, Any]) -> list[str]:
    return [each["file_path"] for each in told["logs"]["logs_collected"]["files"]["collect_list"]]


def test_it_is_told_what_it_knows() -> None:
    told = configuration("tendril-production-web-a", OPTIONS, processes=PROCESSES)

    assert list(complaints(told, FIELDS)) == []
    told["traces"]["traces_collected"]["otlp"]["port"] = 4318
    told["logs"]["logs_collected"]["files"]["collect_list"][0]["retention_in_days"] = 31
    assert len(list(complaints(told, FIELDS))) == 2


def test_it_listens_where_the_desk_sends_and_nowhere_else() -> None:
    """By itself it would take figures at every address."""
    resources = parse(text_of("observability"))["Resources"]
    figures, traces = (
        urlsplit(written(properties(resources[name])["Value"]).partition("?")[0])
        for name in ("MetricsUrl", "TracesUrl")
    )

    assert f"tcp://{figures.netloc}" == agent.FIGURES
    assert traces.netloc == agent.TRACES
    assert {figures.hostname, traces.hostname} == {"127.0.0.1"}


def test_every_process_has_its_log_sent() -> None:
    told = configuration(
        "env", OPTIONS, processes=PROCESSES, known={"/var/log/web.stdout.log*", "/var/log/nginx/*"}
    )

    assert sent(told) == [f"/var/log/{name}.stdout.log" for name in PROCESSES if name != "web"]


def test_no_log_is_sent_where_nobody_wants_them() -> None:
    told = configuration("env", {LOGS: {"StreamLogs": "false"}}, processes=PROCESSES)

    assert list(told["logs"]) == ["metrics_collected"]


@pytest.mark.parametrize("role", ["WebRole", "WorkerRole"])
def test_an_instance_may_do_what_the_agent_does(role: str) -> None:
    """It writes lines to the groups that it was told of, and segments to X-Ray."""
    statements = allowed(*(name for name in policies(role, "application") if name in OURS))
    of_logs = [each for each in statements if "logs:PutLogEvents" in listed(each["Action"])]
    groups = {
        written(name).rpartition(":log-group:")[2]
        for each in of_logs
        for name in listed(each["Resource"])
    }
    needed = {"CreateLogGroup", "CreateLogStream", "PutLogEvents", "PutRetentionPolicy"}

    assert groups == {"/aws/elasticbeanstalk/*", "/tendril/${Stage}/*"}
    assert actions(of_logs) >= {f"logs:{name}" for name in needed}
    assert actions(statements) >= {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "one", {})


def hook(sandbox: Sandbox, kind: str = "hooks") -> str:
    (found,) = [path for path in sandbox.hooks(f"{kind}/postdeploy") if path.name == "05_agent.sh"]
    done = sandbox.run(found)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def log(sandbox: Sandbox) -> list[str]:
    return (sandbox.folder / "agent.log").read_text().splitlines()


class TestHook:
    @pytest.mark.parametrize("kind", ["hooks", "confighooks"])
    def test_tells_it_beside_what_the_platform_said(self, sandbox: Sandbox, kind: str) -> None:
        sandbox.with_agent()

        said = hook(sandbox, kind)

        there = sandbox.agent / "etc/amazon-cloudwatch-agent.d"
        told = json.loads((there / "file_desk.json").read_text())
        assert said == "CloudWatch agent: told"
        assert (there / "file_beanstalk.json").exists()
        assert sent(told) == [f"/var/log/{name}.stdout.log" for name in PROCESSES[1:]]
        (group,) = {each["log_group_name"].rpartition("/var/")[0] for each in _list(told)}
        assert group == "/aws/elasticbeanstalk/tendril-test-web-a"

    def test_tells_it_once(self, sandbox: Sandbox) -> None:
        """It is started anew each time that it is told something."""
        sandbox.with_agent()

        said = [hook(sandbox), hook(sandbox), hook(sandbox, "confighooks")]

        assert said == ["CloudWatch agent: told", *["CloudWatch agent: as it was"] * 2]
        assert log(sandbox) == ["fetch-config beanstalk.json", "append-config desk.json"]

    def test_tells_it_again_after_the_platform_has_told_it_anew(self, sandbox: Sandbox) -> None:
        sandbox.with_agent()
        hook(sandbox)
        sandbox.fetch()

        assert hook(sandbox) == "CloudWatch agent: told"
        assert sent(json.loads((sandbox.agent / "etc/desk.json").read_text())) == [
            f"/var/log/{name}.stdout.log" for name in PROCESSES[1:]
        ]

    def test_asks_for_no_log_that_the_tier_has_not(self, sandbox: Sandbox) -> None:
        """The web's, which the platform sends already, is all there is."""
        sandbox.with_agent()
        sandbox.own("Procfile").write_text(procfile.of_tier("web: x\nrelay: y\n", "web"))

        hook(sandbox)

        assert sent(json.loads((sandbox.agent / "etc/desk.json").read_text())) == []

    def test_says_loudly_that_there_is_none_and_stops_nothing(self, sandbox: Sandbox) -> None:
        said = hook(sandbox)

        assert said.startswith("NO FIGURES AND TRACES OF THIS INSTANCE: ")
        assert "it is not installed" in said

    def test_says_why_it_refuses_and_leaves_it_as_it_was(self, sandbox: Sandbox) -> None:
        sandbox.with_agent()
        ours = sandbox.agent / "etc/amazon-cloudwatch-agent.d/other.yaml"
        ours.write_text("what somebody else told it, and it can't read")

        said = hook(sandbox)
        ours.unlink()

        assert "amazon-cloudwatch-agent-ctl -a ['append-config']: Expecting value" in said
        assert list(ours.parent.iterdir()) == [ours.parent / "file_beanstalk.json"]
        assert hook(sandbox) == "CloudWatch agent: told"


def _list(told: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told["logs"]["logs_collected"]["files"]["collect_list"]
    return found


class Listener(threading.Thread):
    """As the agent takes figures: lines of many connections, each a document of its own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.taken: list[bytes] = []

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return  # closed
            with connection, connection.makefile("rb") as lines:
                self.taken.extend(lines)

    def stop(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.join(timeout=20)


def refusals(document: dict[str, Any]) -> Iterator[str]:
    """What CloudWatch makes no metrics of: the specification of the embedded metric format."""
    about = document["_aws"]
    if not 10**12 < about["Timestamp"] < 10**13:
        yield f"{about['Timestamp']} is no time in milliseconds"
    for directive in about["CloudWatchMetrics"]:
        for dimension in {name for names in directive["Dimensions"] for name in names}:
            if not isinstance(document.get(dimension), str):
                yield f"{dimension} is no text"
        for metric in directive["Metrics"]:
            found = document.get(metric["Name"])
            values = found if isinstance(found, list) else [found]
            if not 1 <= len(values) <= 100:
                yield f"{metric['Name']} has {len(values)} values"
            if not all(isinstance(value, int | float) for value in values):
                yield f"{metric['Name']} has {found}"
            if metric["Unit"] != BY_NAME[metric["Name"]].unit:
                yield f"{metric['Name']} is in {metric['Unit']}"


def test_what_a_desk_sends_it_are_whole_documents(tmp_path: Path, released_url: str | None) -> None:
    """A real web process, with what it counted sent over the wire by the time that it ends."""
    listener = Listener()
    listener.start()
    desk = Desk(
        tmp_path,
        database_url=released_url,
        METRICS_URL=f"emf+tcp://127.0.0.1:{listener.port}",
        STAGE="production",
        BUILD="b-7",
    )
    try:
        desk.start_one("web")
        desk.wait_until_ready()
        for _ in range(20):
            requests.get(f"{desk.url}/help/", timeout=20)
    finally:
        desk.stop()
        listener.stop()

    group = properties(parse(text_of("observability"))["Resources"]["FiguresLog"])
    documents = [json.loads(line) for line in listener.taken]
    assert all(line.endswith(b"\n") for line in listener.taken)
    assert [told for each in documents for told in refusals(each)] == []
    assert sum(each.get("Requests", 0) for each in documents) == 20
    assert {each["_aws"]["LogGroupName"] for each in documents} == {
        written(group["LogGroupName"]).replace("${Stage}", "production")
    }
