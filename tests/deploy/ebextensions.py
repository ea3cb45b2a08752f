"""What Beanstalk would say of .ebextensions, as far as it can be said without an account."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads((Path(__file__).with_name("eb_options.json")).read_text())
MOST_BYTES = 4096  # of all environment properties together
PROPERTIES = "aws:elasticbeanstalk:application:environment"
# Any other key at the top, and the platform ignores the whole file.
KEYS = {
    "option_settings", "packages", "groups", "users", "sources", "files", "commands",
    "container_commands", "services", "Resources", "Parameters", "Outputs",
}  # fmt: skip
# docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-functions.html
FUNCTIONS = {"Ref", "Fn::GetAtt", "Fn::Join", "Fn::GetOptionSetting"}
# What a resource of an environment may be: it goes when the environment goes.
KEEPS_NOTHING = {
    "AWS::AutoScaling::LifecycleHook",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::AutoScaling::ScheduledAction",
    "AWS::CloudWatch::Alarm",
}
# What the platform's own template has, as far as ours names it.
_GROUP: dict[str, Any] = {
    "AWSEBAutoScalingGroup": {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "Properties": {
            "MinSize": "1",
            "MaxSize": "4",
            "AvailabilityZones": {"Fn::GetAZs": ""},
            "LaunchTemplate": {
                "LaunchTemplateId": {"Ref": "AWSEBEC2LaunchTemplate"},
                "Version": {"Fn::GetAtt": ["AWSEBEC2LaunchTemplate", "LatestVersionNumber"]},
            },
        },
    },
    "AWSEBEC2LaunchTemplate": {
        "Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-12345678"}},
    },
}


@dataclass(frozen=True, slots=True)
class Setting:
    file: str
    namespace: str
    name: str
    value: str


def files_of(tier: str, folder: Path = ROOT / ".ebextensions") -> dict[str, Any]:
    """The files that a tier's bundle has, in the order in which the platform reads them."""
    other = {"web": "worker", "worker": "web"}[tier]
    return {
        path.name: yaml.safe_load(path.read_text())
        for path in sorted(folder.glob("*.config"))
        if not path.stem.endswith(f"-{other}")
    }


def settings(files: Mapping[str, Any]) -> Iterator[Setting]:
    for file, content in files.items():
        said = content.get("option_settings") or {}
        if isinstance(said, list):
            for each in said:
                yield Setting(file, each["namespace"], each["option_name"], _text(each["value"]))
            continue
        for namespace, options in said.items():
            for name, value in options.items():
                yield Setting(file, namespace, name, _text(value))


def value(files: Mapping[str, Any], namespace: str, name: str) -> str:
    """The last one said counts. Raises LookupError if none says it."""
    said = [s.value for s in settings(files) if (s.namespace, s.name) == (namespace, name)]
    if not said:
        raise LookupError(f"nothing says {namespace} {name}")
    return said[-1]


def complaints(files: Mapping[str, Any]) -> list[str]:
    """One line for each thing that the platform would refuse or ignore."""
    found = [
        f"{file}: {key} is no key that the platform knows"
        for file, content in files.items()
        for key in set(content) - KEYS
    ]
    found += [wrong for setting in settings(files) if (wrong := _wrong(setting))]
    properties = {s.name: s.value for s in settings(files) if s.namespace == PROPERTIES}
    size = bytes_of(properties)
    if size > MOST_BYTES:
        found.append(f"environment properties take {size} bytes of {MOST_BYTES}")
    for file, content in files.items():
        for name, resource in (content.get("Resources") or {}).items():
            found += [f"{file}: {name}: {wrong}" for wrong in _wrong_resource(resource)]
    return found


def bytes_of(properties: Mapping[str, str]) -> int:
    """As the platform counts: NAME=value, and a separator."""
    return sum(len(f"{name}={value}".encode()) + 1 for name, value in properties.items())


def template(files: Mapping[str, Any]) -> dict[str, Any]:
    """The resources in a template that cfn-lint understands, beside what the platform has."""
    resources = copy.deepcopy(_GROUP)
    for content in files.values():
        resources |= _plain(content.get("Resources") or {})
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _wrong(setting: Setting) -> str:
    namespace = setting.namespace
    if namespace not in TABLE["names"]:
        alike = (to for start, to in TABLE["wild"].items() if namespace.startswith(start))
        namespace = next(alike, namespace)
    names = TABLE["names"].get(namespace)
    if names is None:
        wrong = "no such namespace"
    elif isinstance(names, list) and setting.name not in names:
        wrong = "no such option"
    elif names == "*arn" and not setting.value.startswith("arn:aws:"):
        wrong = f"{setting.value} is no ARN"
    else:
        wrong = _wrong_value(f"{namespace}/{setting.name}", setting.value)
    return f"{setting.file}: {setting.namespace} {setting.name}: {wrong}" if wrong else ""


def _wrong_value(option: str, value: str) -> str:
    allowed, span = TABLE["enums"].get(option), TABLE["ranges"].get(option)
    if allowed and value not in allowed:
        return f"{value} is none of {', '.join(allowed)}"
    if span and not value.isdecimal():
        return f"{value} is no number"
    if span and not span[0] <= int(value) <= span[1]:
        return f"{value} is not from {span[0]} to {span[1]}"
    return ""


def _wrong_resource(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource["Type"] not in KEEPS_NOTHING:
        yield f"{resource['Type']} would die with its environment"
    yield from (
        f"{function} is no function that the platform knows"
        for function in sorted(_functions(resource["Properties"]) - FUNCTIONS)
    )
    yield from (
        f"{name} is a name that a second environment has too"
        for name in resource["Properties"]
        if name in {"AlarmName", "PolicyName", "ScheduledActionName"}
    )


def _functions(tree: object) -> set[str]:
    if isinstance(tree, dict):
        own = {key for key in tree if key == "Ref" or key.startswith("Fn::")}
        return own.union(*map(_functions, tree.values()))
    if isinstance(tree, list):
        return set().union(*map(_functions, tree))
    return set()


def _plain(tree: Any) -> Any:
    """Without the one function that is Beanstalk's own: its default stands in."""
    if isinstance(tree, dict):
        if set(tree) == {"Fn::GetOptionSetting"}:
            return tree["Fn::GetOptionSetting"]["DefaultValue"]
        return {key: _plain(each) for key, each in tree.items()}
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return [_plain(each) for each in tree]
    return tree


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
