"""A small Beanstalk for tests, over the wire, with what it needs of others.

It keeps state, and it misbehaves on request: it throttles, does what it is asked and hangs up
before it answers, leaves environments stuck, and makes instances that never become healthy.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.deploy import beanstalk_objects as objects
from tests.deploy.beanstalk_model import (
    PROCESS,
    REGION,
    WEB_TEMPLATE,
    WORKER_TEMPLATE,
    Behaviour,
    Model,
    Refused,
)

BUCKET = "elasticbeanstalk-eu-central-1-111122223333"
ADDRESS = "tendril-test-111122223333"
# What the stack of the application says (infra/application.yaml).
OUTPUTS = {
    "Address": ADDRESS,
    "BundlesBucket": BUCKET,
    "WebTemplate": WEB_TEMPLATE,
    "WorkerTemplate": WORKER_TEMPLATE,
}
NAMESPACE = "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/"


class Cloud:
    """The model, its buckets, and what goes wrong with whom."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all: another cloud at the same address."""
        self.model = Model()
        self.objects: dict[str, bytes] = {}
        self.has_bucket = False  # Beanstalk's
        self.calls: list[str] = []
        self.parameters: dict[str, str] = {}
        self.ill: set[str] = set()  # instances on which nothing that is run succeeds
        self.empty: set[str] = set()  # environments without an instance
        self.consumers = '{"at":"2026-11-02T09:00:00+00:00","days":30,"uses":[]}'
        self.sent: str = ""  # the document of the last command
        # By action, how often: "throttle" refuses, "lost" hangs up after the deed.
        self.troubles: dict[str, Counter[str]] = {"throttle": Counter(), "lost": Counter()}

    def kept(self) -> tuple[Model, dict[str, bytes], bool]:
        """What there is, when nothing is under way."""
        assert not self.model.due
        return copy.deepcopy(self.model), dict(self.objects), self.has_bucket

    def bring(self, kept: tuple[Model, dict[str, bytes], bool]) -> None:
        self.clear()
        self.model, self.objects = copy.deepcopy(kept[0]), dict(kept[1])
        self.has_bucket = kept[2]

    def writes(self) -> list[str]:
        """Calls that changed something."""
        reading = ("Describe", "Get", "List", "Head", "Check")
        return [call for call in self.calls if not call.startswith(reading)]

    def is_due(self, trouble: str, action: str) -> bool:
        if self.troubles[trouble][action] <= 0:
            return False
        self.troubles[trouble][action] -= 1
        return True

    # Beanstalk: what is asked, by name, to what is answered

    def beanstalk(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        handler: Callable[[dict[str, Any]], dict[str, Any] | None] = getattr(self, f"_{action}")
        return handler(given) or {}

    def _DescribeStacks(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if given["StackName"] != "tendril-test-application":
            raise Refused(f"Stack with id {given['StackName']} does not exist", "ValidationError")
        said = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"StackName": given["StackName"], "Outputs": said}]}

    def _CheckDNSAvailability(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        cname = f"{given['CNAMEPrefix']}.{REGION}"
        return {"Available": self.model.is_free(cname), "FullyQualifiedCNAME": cname}

    def _CreateStorageLocation(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - Beanstalk's
        self.has_bucket = True
        return {"S3Bucket": BUCKET}

    def _DescribeEnvironments(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        names = given.get("EnvironmentNames")
        found = [
            {
                "EnvironmentName": each.name,
                "EnvironmentId": each.id,
                "ApplicationName": "tendril-test",
                "VersionLabel": each.version,
                "Status": each.status,
                "Health": each.health,
                "CNAME": each.cname,
                "DateUpdated": each.updated,
                "AbortableOperationInProgress": bool(each.canary),
                "Tier": {"Name": "Worker" if each.tier == "worker" else "WebServer"},
            }
            for each in self.model.environments.values()
            if (not names or each.name in names)
            and (given.get("IncludeDeleted") != "false" or not each.is_ended)
        ]
        return {"Environments": found}

    def _DescribeConfigurationSettings(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        """Of an environment that is changing both: those on their way, and those that it has."""
        template = given.get("TemplateName", "")
        if template:
            if template not in self.model.templates:
                raise Refused(f"No Configuration Template named '{template}' found.")
            found = {"": self.model.templates[template]}
        else:
            each = self.model.environments[given["EnvironmentName"]]
            found = {"pending": each.draft} if each.draft is not None else {}
            found["deployed"] = each.settings
        told = [
            {
                "DeploymentStatus": status,
                "OptionSettings": [
                    {"Namespace": namespace, "OptionName": option, "Value": value}
                    for (namespace, option), value in settings.items()
                ],
            }
            for status, settings in found.items()
        ]
        return {"ConfigurationSettings": told}

    def _DescribeEvents(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        since = datetime.fromisoformat(given["StartTime"])
        found = [
            {"EventDate": at, "EnvironmentName": name, "Severity": severity, "Message": message}
            for at, name, severity, message in reversed(self.model.events)
            if name == given["EnvironmentName"] and at >= since
        ]
        return {"Events": found}

    def _DescribeInstancesHealth(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        each = self.model.environments[given["EnvironmentName"]]
        found = [(each.running, self.model.now - timedelta(days=1))]
        if each.deployed:
            found.append((each.canary, each.deployed))
        instances = [
            {
                "InstanceId": f"i-{version}",
                "Deployment": {
                    "VersionLabel": version,
                    "Status": "Deployed",
                    "DeploymentTime": at,
                },
            }
            for version, at in found
        ]
        return {"InstanceHealthList": instances}

    def _DescribeApplicationVersions(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        asked = given.get("VersionLabels")
        found = [
            {"VersionLabel": name, **version}
            for name, version in self.model.versions.items()
            if not asked or name in asked
        ]
        return {"ApplicationVersions": found}

    def _CreateApplicationVersion(self, given: dict[str, Any]) -> None:  # noqa: N802
        name, bundle = given["VersionLabel"], given["SourceBundle"]
        if name in self.model.versions:
            raise Refused(f"Application Version {name} already exists.")
        if f"{bundle['S3Bucket']}/{bundle['S3Key']}" not in self.objects:
            raise Refused("Unable to download from S3 location")
        version = {"Description": given["Description"], "Status": "Processing"}
        self.model.versions[name] = version
        self.model.later(name, PROCESS, lambda: version.update(Status="Processed"))

    def _UpdateEnvironment(self, given: dict[str, Any]) -> None:  # noqa: N802
        settings = {
            (option["Namespace"], option["OptionName"]): option["Value"]
            for option in given.get("OptionSettings", [])
        }
        self.model.update(given["EnvironmentName"], given.get("VersionLabel", ""), settings)

    def _CreateEnvironment(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.model.create(
            given["EnvironmentName"],
            "worker" if given["Tier"]["Name"] == "Worker" else "web",
            given["VersionLabel"],
            given["TemplateName"],
            given.get("CNAMEPrefix", ""),
        )

    def _CreateConfigurationTemplate(self, given: dict[str, Any]) -> None:  # noqa: N802
        name = given["TemplateName"]
        if name in self.model.templates:
            raise Refused(f"Configuration Template {name} already exists.")
        like = next(
            each
            for each in self.model.environments.values()
            if each.id == given["EnvironmentId"] and not each.is_ended
        )
        self.model.templates[name] = dict(like.settings)

    def _DeleteConfigurationTemplate(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.model.templates.pop(given["TemplateName"], None)

    def _AbortEnvironmentUpdate(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.model.abort(given["EnvironmentName"])

    def _SwapEnvironmentCNAMEs(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.model.swap(given["SourceEnvironmentName"], given["DestinationEnvironmentName"])

    def _TerminateEnvironment(self, given: dict[str, Any]) -> None:  # noqa: N802
        self.model.ready(given["EnvironmentName"])
        self.model.terminate(given["EnvironmentName"])

    def _DescribeEnvironmentResources(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = given["EnvironmentName"]
        found = [] if name in self.empty else [{"Id": f"i-{name}"}]
        return {"EnvironmentResources": {"Instances": found}}

    # SSM: what runs on instances

    def systems(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        if action == "GetParameter":
            value = self.parameters.get(given["Name"])
            if value is None:
                raise Refused("there is none", "ParameterNotFound")
            return {"Parameter": {"Name": given["Name"], "Value": value}}
        if action == "SendCommand":
            assert given["DocumentName"] in ("tendril-test-doctor", "tendril-test-consumers")
            self.sent = given["DocumentName"]
            return {"Command": {"CommandId": "c" * 36}}
        is_ill = given["InstanceId"] in self.ill
        well = self.consumers if self.sent.endswith("-consumers") else "database: well"
        return {
            "Status": "Failed" if is_ill else "Success",
            "StandardOutputContent": "database: no answer" if is_ill else well[:24_000],
            "StandardErrorContent": "",
        }

    # CloudWatch

    def metrics(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        if action == "DescribeAlarms":
            found = [
                {
                    "AlarmName": name,
                    "StateValue": state,
                    "StateTransitionedTimestamp": at.timestamp(),
                }
                for name, (state, at) in self.model.alarms.items()
                if name in given["AlarmNames"]
            ]
            return {"MetricAlarms": found, "CompositeAlarms": []}
        since, until = (
            datetime.fromtimestamp(given[name], UTC) for name in ("StartTime", "EndTime")
        )
        results = []
        for query in given["MetricDataQueries"]:
            stat = query["MetricStat"]
            period = timedelta(seconds=stat["Period"])
            values = {
                at.timestamp(): value
                for at in (since + period * n for n in range((until - since) // period))
                if (value := self._figure(stat, at)) is not None
            }
            results.append(
                {"Id": query["Id"], "Timestamps": [*values], "Values": [*values.values()]}
            )
        return {"MetricDataResults": results}

    def _figure(self, stat: dict[str, Any], at: datetime) -> float | None:
        given = {each["Name"]: each["Value"] for each in stat["Metric"]["Dimensions"]}
        if "QueueName" in given:
            return 3
        if stat["Stat"] == "p95":
            return None if self.model.is_silent else 400
        assert given["Stage"] == "test"
        hundreds = self.model.hundreds(given["Build"], at)
        behaviour = self.model.behaviour.get(given["Build"], Behaviour())
        if not hundreds:
            return None
        each = {
            ("Requests", "Sum"): 100,
            ("Latency", "TC(400.000:)"): behaviour.slow,
            ("ServerErrors", "Sum"): behaviour.failed,
            ("TicketsRaised", "Sum"): behaviour.raised,
            ("RepliesSent", "Sum"): 2,
            ("SignIns", "Sum"): 2,
        }
        return hundreds * each[stat["Metric"]["MetricName"], stat["Stat"]]


def nested(flat: dict[str, str]) -> dict[str, Any]:
    """`A.member.1.B=x` of a query as {"A": [{"B": "x"}]}."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        place = tree
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value

    def listed(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        if "member" in node:
            return [listed(node["member"][key]) for key in sorted(node["member"], key=int)]
        return {key: listed(value) for key, value in node.items()}

    answer: dict[str, Any] = listed(tree)
    return answer


def xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml(each)}</{name}>" for name, each in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{xml(each)}</member>" for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return escape(value.isoformat() if isinstance(value, datetime) else str(value))


class Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: otherwise each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self.chunks()
        with self.cloud.lock:
            self.route(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - the standard library's

    def handle_expect_100(self) -> bool:
        self.send_response_only(HTTPStatus.CONTINUE)
        self.end_headers()
        self.wfile.flush()  # or whoever waits for it does so for a second
        return True

    def chunks(self) -> bytes:
        """A body with a checksum after it, as botocore sends files."""
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def route(self, body: bytes) -> None:
        target = self.headers.get("X-Amz-Target")
        if target:
            service, _, action = target.rpartition(".")
            asked = self.cloud.systems if service == "AmazonSSM" else self.cloud.metrics
            self.act(action, lambda: json.dumps(asked(action, json.loads(body))))
        elif self.path == "/":
            given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            action = given["Action"]

            def told() -> str:
                answer = xml(self.cloud.beanstalk(action, nested(given)))
                head = f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>'
                return f"{head}{answer}</{action}Result></{action}Response>"

            self.act(action, told)
        else:
            self.store(unquote(urlsplit(self.path).path[1:]), body)

    def act(self, action: str, do: Callable[[], str]) -> None:
        self.cloud.calls.append(action)
        if self.cloud.is_due("throttle", action):
            self.refuse("Throttling", "Rate exceeded")
            return
        try:
            answer = do()
        except Refused as refused:
            self.refuse(refused.code, str(refused))
            return
        if self.cloud.is_due("lost", action):
            self.close_connection = True
            self.connection.close()
            return
        self.send(HTTPStatus.OK, answer.encode())

    def refuse(self, code: str, message: str) -> None:
        if self.headers.get("X-Amz-Target"):
            refusal = json.dumps({"__type": code, "message": message})
            self.send(HTTPStatus.BAD_REQUEST, refusal.encode())
            return
        told = {"Error": {"Type": "Sender", "Code": code, "Message": message}}
        self.send(HTTPStatus.BAD_REQUEST, f"<ErrorResponse>{xml(told)}</ErrorResponse>".encode())

    def store(self, key: str, body: bytes) -> None:
        query = parse_qs(urlsplit(self.path).query)
        is_list = self.command == "GET" and "list-type" in query
        action = "ListObjectsV2" if is_list else objects.ACTIONS[self.command]
        self.cloud.calls.append(action)
        if key.startswith(BUCKET) and not self.cloud.has_bucket:
            done = objects.NO_BUCKET
        elif is_list:
            done = objects.listed(self.cloud.objects, key, query["prefix"][0])
        else:
            conditions = dict(self.headers.items())
            done = objects.answer(self.cloud.objects, self.command, key, body, conditions)
        if self.cloud.is_due("lost", action):
            self.close_connection = True
            self.connection.close()
            return
        self.send(done.status, done.body, **done.headers)

    def send(self, status: HTTPStatus, body: bytes, **headers: str) -> None:
        kind = "application/x-amz-json-1.0" if self.headers.get("X-Amz-Target") else "text/xml"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's
        """The tests look at `calls`."""


@contextmanager
def served(cloud: Cloud) -> Iterator[str]:
    """The URL of a cloud, for as long as the block lasts."""
    handler = type("OfOneCloud", (Handler,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
