"""Options of Beanstalk are what they are called, hold what they may, and keep their order."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as desk

from tests.deploy.ebextensions import PROPERTIES, ROOT, complaints, files_of, template, value
from tests.e2e.desk import commands

SQSD = "aws:elasticbeanstalk:sqsd"
PROCESS = "aws:elasticbeanstalk:environment:process:default"
OF_TEMPLATES = (
    "DeploymentPolicy", "/MinSize", "/MaxSize", "IamInstanceProfile", "ServiceRole", "InstanceType",
    "WorkerQueueURL",
)  # fmt: skip
NGINX_KEEPS_ALIVE = 60  # seconds, in the platform's own nginx.conf
Mutation = Callable[[dict[str, Any]], None]


@pytest.fixture(params=["web", "worker"])
def files(request: pytest.FixtureRequest) -> dict[str, Any]:
    return files_of(request.param)


def cfn_lint(folder: Path, content: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    path = folder / "template.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    program = str(Path(sys.executable).with_name("cfn-lint"))
    return subprocess.run([program, str(path)], capture_output=True, text=True, check=False)


def test_options_are_such_as_the_platform_takes(files: dict[str, Any]) -> None:
    assert complaints(files) == []


def _set(file: str, namespace: str, name: str, to: object) -> Mutation:
    def mutate(files: dict[str, Any]) -> None:
        files[file]["option_settings"].setdefault(namespace, {})[name] = to

    return mutate


def _resource(file: str, name: str, **properties: object) -> Mutation:
    def mutate(files: dict[str, Any]) -> None:
        files[file]["Resources"][name]["Properties"].update(properties)

    return mutate


def _bucket(files: dict[str, Any]) -> None:
    files["10-desk.config"]["Resources"]["Kept"] = {"Type": "AWS::S3::Bucket", "Properties": {}}


def _misspelt(files: dict[str, Any]) -> None:
    files["10-desk.config"]["option_setting"] = {}


@pytest.mark.parametrize(
    ("mutate", "complaint"),
    [
        (_set("20-web.config", PROCESS, "HealthCheckUrl", "/"), "no such option"),
        (_set("20-web.config", "aws:elbv2:loadbalancers", "IdleTimeout", 5), "no such namespace"),
        (_set("20-web.config", PROCESS, "HealthCheckInterval", 2), "not from 5 to 300"),
        (_set("20-web.config", PROCESS, "HealthCheckTimeout", "5s"), "is no number"),
        (
            _set("20-web.config", "aws:elasticbeanstalk:command", "DeploymentPolicy", "Canary"),
            "none of AllAtOnce",
        ),
        (
            _set("10-desk.config", "aws:elasticbeanstalk:cloudwatch:logs", "RetentionInDays", 31),
            "none of 1, 3",
        ),
        (
            _set(
                "10-desk.config",
                "aws:elasticbeanstalk:application:environmentsecrets",
                "SECRET_KEY",
                "hunter2",
            ),
            "is no ARN",
        ),
        (_set("10-desk.config", PROPERTIES, "LONG", "ä" * 2048), "bytes of 4096"),
        (_misspelt, "option_setting is no key"),
        (_bucket, "AWS::S3::Bucket would die"),
        (
            _resource("20-web.config", "DayEnds", TimeZone={"Fn::ImportValue": "x"}),
            "Fn::ImportValue is no function",
        ),
        (_resource("20-web.config", "DayEnds", ScheduledActionName="x"), "second environment"),
    ],
)
def test_what_the_platform_would_refuse_is_found(mutate: Mutation, complaint: str) -> None:
    files = copy.deepcopy(files_of("web"))

    mutate(files)

    found = complaints(files)
    assert len(found) == 1
    assert complaint in found[0]


def test_properties_leave_room_for_those_of_a_template(files: dict[str, Any]) -> None:
    """Services come by SSM_PREFIX, so there is little else to say."""
    said = {
        name: value(files, PROPERTIES, name)
        for content in files.values()
        for name in content["option_settings"].get(PROPERTIES, {})
    }

    assert set(said) == {"ROLE", "TRUSTED_PROXIES"}


def test_resources_are_ones_that_cloudformation_takes(
    files: dict[str, Any], tmp_path: Path
) -> None:
    done = cfn_lint(tmp_path, template(files))

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "mutate",
    [
        _resource("10-desk.config", "DeskLeaves", AutoScalingGroupName={"Ref": "AWSEBGroup"}),
        _resource("10-desk.config", "DeskLeaves", LifecycleTransition="autoscaling:LEAVING"),
        _resource("20-worker.config", "QueuesAreLate", ComparisonOperator="GreaterThan"),
    ],
    ids=["dangling", "transition", "operator"],
)
def test_what_cloudformation_would_refuse_is_found(mutate: Mutation, tmp_path: Path) -> None:
    files = copy.deepcopy(files_of("worker"))

    mutate(files)

    assert cfn_lint(tmp_path, template(files)).returncode != 0


def test_a_worker_is_told_nothing_of_load_balancers() -> None:
    """It has none, and an option or a resource of one makes its updates fail."""
    namespaces = {
        namespace
        for content in files_of("worker").values()
        for namespace in content["option_settings"]
    }
    text = json.dumps(files_of("worker"))

    assert not [name for name in namespaces if "elb" in name or "environment:process" in name]
    assert "AWSEBV2" not in text
    assert "AWSEBLoadBalancer" not in text


def test_policies_sizes_and_roles_are_left_to_templates(files: dict[str, Any]) -> None:
    """What stands here would lose against them, and look as if it held."""
    names = {
        f"{namespace}/{name}"
        for content in files.values()
        for namespace, options in content["option_settings"].items()
        for name in options
    }

    assert not [name for name in names if name.endswith(OF_TEMPLATES)]


def test_a_message_is_answered_before_it_is_given_to_somebody_else() -> None:
    files = files_of("worker")
    queue = _messaging()["WorkerQueue"]["Properties"]
    nginx = (ROOT / ".platform/nginx/conf.d/elasticbeanstalk/30_worker.conf").read_text()
    web = commands()["web"].split()
    gunicorn = int(web[web.index("--timeout") + 1])
    threads = int(web[web.index("--workers") + 1]) * int(web[web.index("--threads") + 1])

    inactivity = int(value(files, SQSD, "InactivityTimeout"))
    visibility = int(value(files, SQSD, "VisibilityTimeout"))

    assert desk.DATABASES["default"]["OPTIONS"] is not None
    assert 30 < gunicorn < 75 < inactivity < visibility == queue["VisibilityTimeout"]
    assert "proxy_read_timeout 75s;" in nginx
    assert int(value(files, SQSD, "HttpConnections")) < threads
    assert int(value(files, SQSD, "MaxRetries")) == queue["RedrivePolicy"]["maxReceiveCount"]


def test_the_queues_that_are_watched_are_the_desks() -> None:
    names = {
        resource["Properties"]["QueueName"].rpartition("-")[2]
        for resource in _messaging().values()
        if resource["Type"] == "AWS::SQS::Queue"
    }

    alarm = files_of("worker")["20-worker.config"]["Resources"]["QueuesAreLate"]["Properties"]
    dimensions = [
        each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Fn::Join"][1]
        for each in alarm["Metrics"]
        if "MetricStat" in each
    ]

    assert {parts[0] for parts in dimensions} == {"tendril"}
    assert {parts[-1] for parts in dimensions} == names - {"heavy", "dead"}


def test_the_load_balancer_lets_go_before_nginx_does() -> None:
    files = files_of("web")

    assert int(value(files, "aws:elbv2:loadbalancer", "IdleTimeout")) < NGINX_KEEPS_ALIVE
    assert value(files, PROCESS, "HealthCheckPath") == "/healthz/"


def test_the_health_rules_are_json(files: dict[str, Any]) -> None:
    rules = json.loads(
        value(files, "aws:elasticbeanstalk:healthreporting:system", "ConfigDocument")
    )

    assert rules["Version"] == 1
    assert rules["CloudWatchMetrics"]["Instance"]["ApplicationRequests5xx"] == 60


class _Short(yaml.SafeLoader):
    """Reads CloudFormation's short functions as what they are given."""


_Short.add_multi_constructor(
    "!",
    lambda loader, _tag, node: (
        loader.construct_scalar(node)
        if isinstance(node, yaml.ScalarNode)
        else loader.construct_sequence(node, deep=True)
    ),
)


def _messaging() -> dict[str, Any]:
    text = (ROOT / "infra" / "messaging.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader=_Short)["Resources"]
    return found
