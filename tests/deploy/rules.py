"""What cfn-lint doesn't say of a template: who may come in, what is readable, what is lost.

A rule yields a line for each thing that breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.deploy.templates import (
    Template,
    abroad,
    at,
    listed,
    of_type,
    properties,
    statements,
    walk,
    written,
)

WORLD = {"0.0.0.0/0", "::/0"}
# Whom the world may ask, and at which ports.
OPEN = {"LoadBalancerGroup": {80, 443}}

# By the statement's name, or its resource's and its actions': why no name can stand there.
WIDE = {
    "NamesNothing": "neither SES's suppression list, its active rules, nor X-Ray has resources",
    "SqsdsFigures": "metrics have no resources; a condition holds the namespace",
    "AgentTalks": "what Systems Manager's agent says has no resources",
    "WhichGroupIsMine": "Auto Scaling's questions have no resources",
    "EnterRegistry": "a token is for the account's registry, which has no name",
    "Account": "a key's policy speaks of its key alone, and only as *",
    "ServicesThatTell": "likewise",
    "QuestionsWithoutNames": "answers of commands, figures, addresses: they have no resources",
    "BeanstalkLooks": "what Beanstalk asks in a caller's name has no resources",
}
# Whose statements may allow everything of a service: none but a key's owner, who could otherwise
# lose it for good.
ALL_ACTIONS = {"Account"}

# What must be true of a type, or there at all.
SEALED = {
    "AWS::Athena::WorkGroup": (
        "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption",
        "WorkGroupConfiguration.EnforceWorkGroupConfiguration",
    ),
    "AWS::DAX::Cluster": ("SSESpecification.SSEEnabled", "ClusterEndpointEncryptionType"),
    "AWS::DynamoDB::Table": ("SSESpecification.SSEEnabled",),
    "AWS::ECR::Repository": ("EncryptionConfiguration.EncryptionType",),
    "AWS::ElastiCache::ReplicationGroup": (
        "AtRestEncryptionEnabled",
        "TransitEncryptionEnabled",
        "AuthToken",
    ),
    "AWS::Kinesis::Stream": ("StreamEncryption.EncryptionType",),
    "AWS::OpenSearchService::Domain": (
        "EncryptionAtRestOptions.Enabled",
        "NodeToNodeEncryptionOptions.Enabled",
        "DomainEndpointOptions.EnforceHTTPS",
        "VPCOptions",
    ),
    "AWS::RDS::DBInstance": ("StorageEncrypted",),
    "AWS::S3::Bucket": ("BucketEncryption.ServerSideEncryptionConfiguration",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("SqsManagedSseEnabled",),
}
GUARDED = {
    "AWS::Cognito::UserPool": ("DeletionProtection",),
    "AWS::DynamoDB::Table": (
        "DeletionProtectionEnabled",
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
    ),
    "AWS::RDS::DBInstance": ("DeletionProtection", "BackupRetentionPeriod", "CopyTagsToSnapshot"),
}
# What is protected by a property, and which.
PROTECTED = {
    "AWS::Cognito::UserPool": "DeletionProtection",
    "AWS::DynamoDB::Table": "DeletionProtectionEnabled",
    "AWS::RDS::DBInstance": "DeletionProtection",
}
HERE = ("localhost", "127.0.0.1", "http://")
_NO = {"", "false", "False", "0", "INACTIVE", "NONE", "None"}

KEEPS = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBInstance",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
# RetainExceptOnCreate, not Retain: what a creation made that failed would be in the next one's way.
KEPT = {
    "DeletionPolicy": {"RetainExceptOnCreate", "Snapshot"},
    "UpdateReplacePolicy": {"Retain", "Snapshot"},
}
MADE_AGAIN = {
    "CacheAddress": "made of the cache's address and token",
    "ClientSecret": "a copy of what the user pool's client has",
}


def open_groups(template: Template) -> Iterator[str]:
    """Security groups that let the world in elsewhere than at a load balancer's two ports."""
    for name, resource in template["Resources"].items():
        for each in walk(properties(resource).get("SecurityGroupIngress", [])):
            if not isinstance(each, dict) or not WORLD & {each.get("CidrIp"), each.get("CidrIpv6")}:
                continue
            ports = {each.get("FromPort"), each.get("ToPort")}
            if not ports <= OPEN.get(name, set()):
                yield f"{name} lets the world in at {ports}"
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
            yield f"{name} stands apart from its group, where nobody looks for it"


def public_buckets(template: Template) -> Iterator[str]:
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        blocked = properties(bucket).get("PublicAccessBlockConfiguration", {})
        for kind in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls"):
            if blocked.get(kind) is not True:
                yield f"{name} lacks {kind}"
        if blocked.get("RestrictPublicBuckets") is not True:
            yield f"{name} lacks RestrictPublicBuckets"
        if "AccessControl" in properties(bucket):
            yield f"{name} has an access list"


def open_policies(template: Template) -> Iterator[str]:
    """What anybody may do, or any account by way of a service of AWS's."""
    for name, statement in statements(template):
        if statement["Effect"] != "Allow" or "Principal" not in statement:
            continue
        principal = statement["Principal"]
        if principal == "*" or "*" in map(written, listed(at(principal, "AWS") or [])):
            yield f"{name} allows everybody {statement['Action']}"
        asks_a_service = isinstance(principal, dict) and "Service" in principal
        about_data = any(a.startswith(("s3:", "sns:", "sqs:")) for a in listed(statement["Action"]))
        if asks_a_service and about_data and "Condition" not in statement:
            yield f"{name} allows {written(principal['Service'])} for whichever account"


def wide_statements(template: Template) -> Iterator[str]:
    """`*` where a name could stand."""
    for name, statement in statements(template):
        if statement["Effect"] != "Allow":
            continue
        sid = statement.get("Sid", "")
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{name} {sid} allows all but something"
        if "*" in map(written, listed(statement.get("Resource", []))) and sid not in WIDE:
            yield f"{name} {sid} allows {statement['Action']} on everything"
        for action in listed(statement.get("Action", [])):
            of_all = action == "*" or (action.endswith(":*") and sid not in ALL_ACTIONS)
            if of_all:
                yield f"{name} {sid} allows {action}"


def unsealed(template: Template) -> Iterator[str]:
    """What is kept or carried in the clear."""
    for kind, paths in SEALED.items():
        for name, resource in of_type(template, kind):
            for path in paths:
                if written(at(properties(resource), path) or "") in _NO:
                    yield f"{name} lacks {path}"
    for name, group in of_type(template, "AWS::RDS::DBParameterGroup"):
        if at(properties(group), "Parameters").get("rds.force_ssl") != "1":
            yield f"{name} lets connections in without TLS"
    for name, database in of_type(template, "AWS::RDS::DBInstance"):
        if properties(database).get("PubliclyAccessible") is not False:
            yield f"{name} is reached from outside"


def unguarded(template: Template) -> Iterator[str]:
    """What could be deleted by mistake, and not be brought back."""
    for kind, paths in GUARDED.items():
        for name, resource in of_type(template, kind):
            for path in paths:
                if written(at(properties(resource), path) or "") in _NO:
                    yield f"{name} lacks {path}"


def fleeting(template: Template) -> Iterator[str]:
    """What would be deleted with its stack, or with a change that replaces it."""
    for name, resource in of_type(template, *KEEPS):
        for policy, kept in KEPT.items():
            if resource.get(policy) not in kept and name not in MADE_AGAIN:
                yield f"{name} has {policy} {resource.get(policy)}"


def stuck(template: Template) -> Iterator[str]:
    """What CloudFormation could not take back of a stack that fails when it is made.

    Nobody may delete what is protected: so protection comes when all is there (deploy/stacks.py).
    """
    for name, resource in template["Resources"].items():
        if resource.get("DeletionPolicy") == "Retain":
            yield f"{name} is left by a creation that failed"
    for kind, path in PROTECTED.items():
        for name, resource in of_type(template, kind):
            said = properties(resource).get(path)
            if not (isinstance(said, dict) and said.get("Fn::If", [""])[0] == "IsGuarded"):
                yield f"{name} has {path} from the beginning"


def local_defaults(template: Template) -> Iterator[str]:
    """What is for a laptop, where it could come to AWS.

    A parameter whose default names this machine is called Local, and one called so stands in no
    place but the local branch.
    """
    for name, parameter in template.get("Parameters", {}).items():
        is_here = any(word in str(parameter.get("Default", "")) for word in HERE)
        if is_here and not name.startswith("Local"):
            yield f"{name} names this machine, and counts everywhere"
    for name in template.get("Parameters", {}):
        if not name.startswith("Local"):
            continue
        for part in ("Resources", "Outputs"):
            parts = template.get(part, {}).values()
            abroad_too = [each for each in parts if each.get("Condition") != "Local"]
            if any(f"{{{name}}}" in text for text in _outside_of_local(abroad_too)):
                yield f"{name} counts outside of the stage local"


def _outside_of_local(tree: Any) -> Iterator[str]:
    """What is written in a template, without what stands in a local branch alone."""
    tree = abroad(tree)
    if isinstance(tree, dict):
        if list(tree) in (["Ref"], ["Fn::Sub"]):
            yield written(tree)
        for each in tree.values():
            yield from _outside_of_local(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _outside_of_local(each)


def open_secrets(template: Template) -> Iterator[str]:
    """Parameters that would be shown, and secrets among what is no secret."""
    for name, parameter in template.get("Parameters", {}).items():
        is_secret = name.endswith(("Secret", "Password", "Token"))
        # The ARN of one may be seen.
        if is_secret and not parameter.get("NoEcho") and "arn:" not in str(parameter):
            yield f"{name} is shown"
    for name, parameter in of_type(template, "AWS::SSM::Parameter"):
        said = str(properties(parameter).get("Value"))
        if "/config/" in str(properties(parameter).get("Name")) and "resolve:" in said:
            yield f"{name} writes a secret where values are"


def unpriced(template: Template) -> Iterator[str]:
    """Parameters without a default: what it costs must be known before anybody chooses."""
    for name, parameter in template.get("Parameters", {}).items():
        if "Default" not in parameter:
            yield f"{name} has no default"


def unnamed_groups(template: Template) -> Iterator[str]:
    """Logs that nobody ever deletes: each group says for how long.

    A database that sends its log makes a group by itself, which doesn't.
    """
    for name, resource in template["Resources"].items():
        for sent in ("EnableCloudwatchLogsExports", "LogExports"):
            if properties(resource).get(sent):
                yield f"{name} sends its log to a group that keeps it for ever"
    for name, group in of_type(template, "AWS::Logs::LogGroup"):
        if abroad(properties(group).get("RetentionInDays")) is None:
            yield f"{name} keeps logs for ever"


def read_only(template: Template) -> Iterator[str]:
    """Properties that AWS sets. CloudFormation takes none from a template, and says so late.

    By the types' own schemas, which cfn-lint brings; its rule for them (E3040) lets some pass.
    """
    for name, resource in template["Resources"].items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        for path in schema.get("readOnlyProperties", ()):
            if _is_set(properties(resource), path.split("/")[2:]):
                yield f"{name} sets {path}"


def _is_set(tree: Any, path: list[str]) -> bool:
    if isinstance(tree, dict) and list(tree) == ["Fn::If"]:
        return any(_is_set(branch, path) for branch in tree["Fn::If"][1:])
    if not path:
        return True
    first, *rest = path
    if first == "*":
        return isinstance(tree, list) and any(_is_set(each, rest) for each in tree)
    return isinstance(tree, dict) and first in tree and _is_set(tree[first], rest)


RULES: dict[str, Callable[[Template], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        open_groups,
        public_buckets,
        open_policies,
        wide_statements,
        unsealed,
        unguarded,
        fleeting,
        stuck,
        local_defaults,
        open_secrets,
        unpriced,
        unnamed_groups,
        read_only,
    )
}
