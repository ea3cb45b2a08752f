"""The templates of infra/: what cfn-lint says of them, what it doesn't, and that both would notice.

What only an account can prove is not here: whether AWS takes each of them, and what it then does.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cfnlint.api import lint

from apps.events.bodies import contracts
from apps.kernel.storage import s3
from deploy import stacks
from deploy.figures import MINUTE
from deploy.judgement import Rules
from deploy.release import HEAD_START
from project import parameters
from tests.deploy import ebextensions, rules
from tests.deploy.templates import (
    NAMES,
    Template,
    exports,
    imports,
    listed,
    of_type,
    parse,
    properties,
    text_of,
    walk,
    written,
)

MOST_BYTES = 51_200  # of a template that is sent with a call
LINT = "cfn-lint"


def complaints(text: str, by: str) -> list[str]:
    if by == LINT:
        return [f"{found.rule.id} {found.message}" for found in lint(text)]
    return list(rules.RULES[by](parse(text)))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_clean(name: str) -> None:
    text = text_of(name)

    assert {by: complaints(text, by) for by in (LINT, *rules.RULES)} == {
        by: [] for by in (LINT, *rules.RULES)
    }


def test_every_template_is_a_stack_of_the_list() -> None:
    assert {path.stem for path in stacks.INFRA.glob("*.yaml")} == set(NAMES)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One place of a template written otherwise, and who has to notice."""

    name: str
    template: str
    old: str
    new: str
    by: str


MUTATIONS = [
    Mutation("wrong enum", "data", "KeyType: HASH", "KeyType: HASHED", LINT),
    Mutation("wrong format", "messaging", "Format: GZIP", "Format: 7Z", LINT),
    Mutation("wrong strategy", "containers", "Default: CANARY", "Default: CANARIES", LINT),
    Mutation("dangling reference", "messaging", "GetAtt DeadJobs.Arn", "GetAtt DeadJob.Arn", LINT),
    Mutation("dangling condition", "edge", "Condition: WithMedia", "Condition: WithMedias", LINT),
    Mutation("no such property", "edge", "IPV6Enabled:", "IPv6Enabled:", LINT),
    Mutation("no such type", "network", "AWS::EC2::NatGateway", "AWS::EC2::NATGateway", LINT),
    Mutation(
        "database open to the world",
        "network",
        "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !Ref InstanceGroup",
        "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 0.0.0.0/0",
        "open_groups",
    ),
    Mutation(
        "load balancer open at another port",
        "network",
        "FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0",
        "FromPort: 22, ToPort: 80, CidrIp: 0.0.0.0/0",
        "open_groups",
    ),
    Mutation(
        "public bucket", "data", "BlockPublicPolicy: true", "BlockPublicPolicy: false",
        "public_buckets",
    ),
    Mutation("half a block", "edge", "        IgnorePublicAcls: true\n", "", "public_buckets"),
    Mutation(
        "bucket for everybody",
        "data",
        "Sid: CloudFrontFetches\n            Effect: Allow\n            Principal:"
        " {Service: cloudfront.amazonaws.com}",
        'Sid: CloudFrontFetches\n            Effect: Allow\n            Principal: "*"',
        "open_policies",
    ),
    Mutation(
        "queue for anybody's topic",
        "messaging",
        "            Condition:\n              ArnEquals:\n",
        "            Unless:\n              ArnEquals:\n",
        "open_policies",
    ),
    Mutation(
        "unencrypted database", "data", "StorageEncrypted: true", "StorageEncrypted: false",
        "unsealed",
    ),
    Mutation(
        "database without TLS", "data", 'rds.force_ssl: "1"', 'rds.force_ssl: "0"', "unsealed"
    ),
    Mutation(
        "public database", "data", "PubliclyAccessible: false", "PubliclyAccessible: true",
        "unsealed",
    ),
    Mutation("cache without a token", "data", "   AuthToken: !Sub", "   Tags: !Sub", "unsealed"),
    Mutation(
        "queue in the clear", "messaging", "      SqsManagedSseEnabled: true\n", "", "unsealed"
    ),
    Mutation(
        "topic in the clear",
        "messaging",
        "      KmsMasterKeyId: !If [Local, !Ref AWS::NoValue, !Ref Notices]\n",
        "",
        "unsealed",
    ),
    Mutation(
        "everything instead of a name",
        "application",
        "Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
        "tendril-${Stage}-figures",
        'Resource: "*"',
        "wide_statements",
    ),
    Mutation(
        "every action", "application", "Action: sns:Publish", 'Action: "sns:*"', "wide_statements"
    ),
    Mutation(
        "lost with the stack",
        "data",
        "    Type: AWS::DynamoDB::Table\n    DeletionPolicy: RetainExceptOnCreate\n",
        "    Type: AWS::DynamoDB::Table\n",
        "fleeting",
    ),
    Mutation(
        "lost with a replacement",
        "messaging",
        "    UpdateReplacePolicy: Retain\n",
        "    UpdateReplacePolicy: Delete\n",
        "fleeting",
    ),
    Mutation(
        "deleted by one click",
        "data",
        "DeletionProtection: !If [IsGuarded, true, false]",
        "DeletionProtection: !If [IsGuarded, false, true]",
        "unguarded",
    ),
    Mutation(
        "in the way of the next try",
        "data",
        "DeletionPolicy: RetainExceptOnCreate",
        "DeletionPolicy: Retain",
        "stuck",
    ),
    Mutation(
        "protected from being taken back",
        "identity",
        "DeletionProtection: !If [IsGuarded, ACTIVE, INACTIVE]",
        "DeletionProtection: !If [Local, INACTIVE, ACTIVE]",
        "stuck",
    ),
    Mutation(
        "this machine everywhere",
        "data",
        '  SiteUrl:\n    Type: String\n    Default: ""\n',
        "  SiteUrl:\n    Type: String\n    Default: http://localhost:8000\n",
        "local_defaults",
    ),
    Mutation(
        "a laptop's address on AWS",
        "data",
        "- AllowedOrigins: [!If [Local, !Ref LocalSiteUrl, !Ref SiteUrl]]",
        "- AllowedOrigins: [!Ref LocalSiteUrl]",
        "local_defaults",
    ),
    Mutation(
        "a laptop's queues on AWS",
        "messaging",
        "sqs://sqs.${AWS::Region}.amazonaws.com/",
        "sqs://${LocalQueueHost}/",
        "local_defaults",
    ),
    Mutation(
        "no point in time",
        "data",
        "PointInTimeRecoveryEnabled: true",
        "PointInTimeRecoveryEnabled: false",
        "unguarded",
    ),
    Mutation(
        "shown secret",
        "identity",
        'GoogleClientSecret: {Type: String, Default: "", NoEcho: true}',
        'GoogleClientSecret: {Type: String, Default: ""}',
        "open_secrets",
    ),
    Mutation(
        "token among the values",
        "data",
        "      Name: !Sub /tendril/${Stage}/config/SITE_URL\n"
        "      Value: !If [Local, !Ref LocalSiteUrl, !Ref SiteUrl]",
        "      Name: !Sub /tendril/${Stage}/config/SITE_URL\n"
        '      Value: !Sub "{{resolve:secretsmanager:${CacheToken}}}"',
        "open_secrets",
    ),
    Mutation(
        "a price that nobody knows", "network", "    Default: one\n", "", "unpriced"
    ),
    Mutation(
        "logs for ever", "containers", "      RetentionInDays: !Ref LogDays\n", "", "unnamed_groups"
    ),
    Mutation(
        "a database's log for ever",
        "data",
        "      EnablePerformanceInsights: true\n",
        "      EnableCloudwatchLogsExports: [postgresql]\n",
        "unnamed_groups",
    ),
]  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_is_noticed(mutation: Mutation) -> None:
    text = text_of(mutation.template)
    assert mutation.old in text

    found = complaints(text.replace(mutation.old, mutation.new, 1), mutation.by)

    assert found != []


def test_every_rule_has_a_mutation() -> None:
    assert {mutation.by for mutation in MUTATIONS} == {LINT, *rules.RULES}


def test_every_exception_still_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    excepted: list[tuple[Any, str]] = [
        *((rules.WIDE, sid) for sid in rules.WIDE),
        *((rules.MADE_AGAIN, name) for name in rules.MADE_AGAIN),
        *((rules.OPEN, name) for name in rules.OPEN),
    ]
    templates = [parse(text_of(name)) for name in NAMES]

    for table, name in excepted:
        with monkeypatch.context() as without:
            without.delitem(table, name)
            found = [line for rule in rules.RULES.values() for t in templates for line in rule(t)]
        assert found, f"{name} needs no exception any more"


def test_what_a_stack_imports_one_before_it_exports() -> None:
    known: set[str] = set()
    for name in NAMES:
        template = parse(text_of(name))
        assert imports(template) <= known, name
        known |= exports(template)


def test_a_parameter_of_several_stacks_is_the_same_in_each() -> None:
    """It is given once: what one of them refuses stops `up` in the middle."""
    found: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        for parameter, said in parse(text_of(name))["Parameters"].items():
            told = {key: value for key, value in said.items() if key != "Description"}
            assert found.setdefault(parameter, told) == told, (name, parameter)
    days = {parameter: found[parameter] for parameter in found if parameter.endswith("LogDays")}

    # CloudWatch knows no others, and Beanstalk's option the same.
    known = ebextensions.TABLE["enums"]["aws:elasticbeanstalk:cloudwatch:logs/RetentionInDays"]
    assert len(days) > 2
    for parameter, said in days.items():
        assert {str(value) for value in said["AllowedValues"]} == set(known), parameter


def test_a_stack_in_another_region_imports_nothing() -> None:
    for name in stacks.REGIONS:
        assert imports(parse(text_of(name))) == set()


def test_a_template_fits_into_a_call() -> None:
    sizes = {name: len(text_of(name).encode()) for name in NAMES}

    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


def test_every_variable_that_the_stacks_write_is_one_that_the_desk_reads() -> None:
    """A misspelt one would be read by nobody, and its default would hold."""
    paths = [
        str(properties(parameter)["Name"])
        for name in NAMES
        for _, parameter in of_type(parse(text_of(name)), "AWS::SSM::Parameter")
    ]
    root = Path(parameters.__file__).parent
    read = set(re.findall(r"\"([A-Z][A-Z_]+)\"", "".join(p.read_text() for p in root.glob("*.py"))))

    variables = {path.rpartition("/")[2].rstrip("'}") for path in paths}

    assert variables - read == set()


# The archive


# A type of Athena's for each of a line's. What has fields of its own stays text.
COLUMNS = {"int": {"int", "bigint"}, "int | null": {"bigint"}, "str": {"string"}}


def test_the_archives_columns_are_a_lines_fields() -> None:
    template = parse(text_of("messaging"))
    ((_, table),) = of_type(template, "AWS::Glue::Table")
    described = properties(table)["TableInput"]["StorageDescriptor"]["Columns"]
    fields = contracts()["stream: line"]["fields"]

    assert {column["Name"] for column in described} == fields.keys()
    for column in described:
        kinds = COLUMNS.get(fields[column["Name"]], {"string"})
        assert column["Type"] in kinds, column


def test_athena_looks_where_firehose_writes() -> None:
    template = parse(text_of("messaging"))
    ((_, firehose),) = of_type(template, "AWS::KinesisFirehose::DeliveryStream")
    ((_, table),) = of_type(template, "AWS::Glue::Table")
    prefix = properties(firehose)["ExtendedS3DestinationConfiguration"]["Prefix"]
    said = properties(table)["TableInput"]["Parameters"]

    folder = prefix.replace("!{timestamp:yyyy-MM-dd}", "${!day}")

    assert written(said["storage.location.template"]) == f"s3://${{Archive}}/{folder}"
    assert said["projection.day.format"] == "yyyy-MM-dd"


# Data


def test_a_database_that_upgrades_itself_is_asked_for_by_its_major_version() -> None:
    """A minor one would be older than the database's, some day, and RDS refuses the way back."""
    resources = parse(text_of("data"))["Resources"]
    database = properties(resources["Database"])

    assert database["AutoMinorVersionUpgrade"] is True
    assert database["EngineVersion"].isdecimal()
    family = properties(resources["DatabaseSettings"])["Family"]
    assert family == f"postgres{database['EngineVersion']}"


# Who people are


def test_sign_up_may_write_as_the_desk_does_and_writes_at_once_until_then() -> None:
    """Cognito's own mailer sends fifty a day, and SES nothing before the domain is verified."""
    template, messaging = parse(text_of("identity")), parse(text_of("messaging"))
    wanted = properties(template["Resources"]["People"])["EmailConfiguration"]
    condition, said, until_then = wanted["Fn::If"]
    domain = {"Domain": {"Fn::ImportValue": {"Fn::Sub": "tendril-${Stage}-mail-domain"}}}
    export = messaging["Outputs"]["DomainOfMail"]
    verified = properties(messaging["Resources"]["Identity"])["EmailIdentity"]
    sender = properties(messaging["Resources"]["MailFrom"])["Value"]["Fn::Sub"]

    assert template["Conditions"][condition]["Fn::And"][1] == {
        "Fn::Equals": [{"Ref": "SignInMail"}, "ses"]
    }
    assert template["Parameters"]["SignInMail"]["Default"] != "ses"
    assert until_then == {"Ref": "AWS::NoValue"}
    assert said["EmailSendingAccount"] == "DEVELOPER"
    assert written(said["SourceArn"]).endswith(":identity/${Domain}")
    assert said["SourceArn"]["Fn::Sub"][1] == said["From"]["Fn::Sub"][1] == domain
    assert export["Value"] == verified
    assert export["Export"]["Name"]["Fn::Sub"] == "tendril-${Stage}-mail-domain"
    assert written(said["From"]) == sender.replace("${MailDomain}", "${Domain}")


# The edge


def behaviours(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, distribution in of_type(template, "AWS::CloudFront::Distribution"):
        described = properties(distribution)["DistributionConfig"]
        yield name, described["DefaultCacheBehavior"]
        for each in described.get("CacheBehaviors", ()):
            yield f"{name}{each['PathPattern']}", each


def test_what_a_link_says_of_a_file_reaches_s3() -> None:
    template = parse(text_of("edge"))
    ((_, policy),) = of_type(template, "AWS::CloudFront::CachePolicy")
    kept = properties(policy)["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    said = re.findall(r'^ {12}"(content-\w+|cache-control)":', inspect.getsource(s3), re.MULTILINE)

    assert sorted(kept["QueryStringsConfig"]["QueryStrings"]) == sorted(
        f"response-{n}" for n in said
    )


def test_files_are_shown_to_whoever_has_a_signed_link_alone() -> None:
    found = dict(behaviours(parse(text_of("edge"))))

    assert written(found["Media"]["TrustedKeyGroups"][0]) == "${MediaKeyGroup}"
    assert found["Media"]["ViewerProtocolPolicy"] == "https-only"


def test_pages_are_never_kept_at_the_edge() -> None:
    found = dict(behaviours(parse(text_of("edge"))))
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's CachingDisabled

    assert found["Site"]["CachePolicyId"] == disabled
    assert set(found["Site"]["AllowedMethods"]) >= {"GET", "POST", "PUT", "DELETE"}
    assert set(found) == {"Site", "Site/static/*", "Media"}


def test_errors_are_never_kept_at_the_edge() -> None:
    """Which it does by itself, for ten seconds and for everybody, though it keeps no page."""
    template = parse(text_of("edge"))
    site = properties(template["Resources"]["Site"])["DistributionConfig"]
    told = site["CustomErrorResponses"]
    # "HTTP 4xx and 5xx status codes that CloudFront caches" in its guide (HTTPStatusCodes.html), as
    # far as its console takes them here. Of the others it keeps what says max-age, and ours do not.
    kept = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}

    assert {each["ErrorCode"] for each in told} == kept
    # Nothing but the time: with a page of its own it would take the desk's words away.
    assert [each for each in told if each.keys() != {"ErrorCode", "ErrorCachingMinTTL"}] == []
    assert {each["ErrorCachingMinTTL"] for each in told} == {0}


# Rules that look into bodies, of the groups' newest versions by AWS's list of autumn 2026.
LOOKS_INTO_BODIES = {
    "AWSManagedRulesAmazonIpReputationList": set[str](),
    "AWSManagedRulesCommonRuleSet": {
        "SizeRestrictions_BODY", "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY", "GenericRFI_BODY",
    },
    "AWSManagedRulesKnownBadInputsRuleSet": {
        "JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY",
    },
}  # fmt: skip


def test_no_rule_of_the_firewall_refuses_what_somebody_wrote() -> None:
    """Who writes to a help desk pastes what an attack looks like."""
    rules_of = properties(parse(text_of("edge"))["Resources"]["Guard"])["Rules"]
    groups = [each["Statement"].get("ManagedRuleGroupStatement") for each in rules_of]
    counting = {
        group["Name"]: {
            each["Name"]
            for each in group.get("RuleActionOverrides", ())
            if each["ActionToUse"] == {"Count": {}}
        }
        for group in groups
        if group
    }

    assert counting == LOOKS_INTO_BODIES


# Beanstalk's templates


def option_files(tier: str) -> dict[str, Any]:
    """A tier's .ebextensions and then its template, as the platform weighs them."""
    template = parse(text_of("application"))
    described = properties(template["Resources"][f"{tier.title()}Template"])
    said = []
    for each in described["OptionSettings"]:
        option = each["Fn::If"][1] if "Fn::If" in each else each
        name = option["OptionName"]
        value = known(option["Value"], template, name)
        said.append({"namespace": option["Namespace"], "option_name": name, "value": value})
    return {**ebextensions.files_of(tier), "template": {"option_settings": said}}


def known(value: Any, template: Template, option: str) -> str:
    """A parameter's default, or a stand-in of the right kind and about the right length."""
    if isinstance(value, dict) and "Fn::If" in value:
        value = value["Fn::If"][1]
    default = template["Parameters"].get(written(value)[2:-1], {}).get("Default")
    if default:
        return str(default)
    if option == "SECRET_KEY":
        return (
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:tendril-production-secret-key"
        )
    return written(value)


@pytest.mark.parametrize("tier", ["web", "worker"])
def test_beanstalk_knows_every_option_of_a_template(tier: str) -> None:
    assert ebextensions.complaints(option_files(tier)) == []


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("DeploymentPolicy", "Canary", "Canary is none of"),
        ("NewVersionPercent", "0", "0 is not from 1 to 100"),
        ("SECRET_KEY", "abc", "abc is no ARN"),
        ("SSM_PREFIX", "/" * 4096, "environment properties take"),
    ],
)
def test_a_wrong_option_is_noticed(option: str, value: str, told: str) -> None:
    files = option_files("web")
    for each in files["template"]["option_settings"]:
        if each["option_name"] == option:
            each["value"] = value

    assert any(told in line for line in ebextensions.complaints(files))


def test_a_worker_is_asked_for_nothing_that_it_refuses() -> None:
    """It has no load balancer, so nothing to split traffic with either."""
    said = option_files("worker")["template"]["option_settings"]
    namespaces = {each["namespace"] for each in said}

    assert {n for n in namespaces if "elb" in n or "trafficsplitting" in n} == set()


def test_the_judge_has_time_before_beanstalk_promotes() -> None:
    """The figures of ADR 47 are of these looks."""
    minutes = parse(text_of("application"))["Parameters"]["CanaryMinutes"]
    benchmark = (stacks.INFRA.parent / "benchmarks" / "judgement.py").read_text()
    before = HEAD_START // MINUTE

    assert f"\nEVALUATION = {minutes['Default']} " in benchmark
    assert minutes["Default"] - before == 16
    assert minutes["MinValue"] - before > Rules().breadth


def test_what_must_be_a_templates_stands_in_none_of_the_ebextensions() -> None:
    """There it would lose against whatever the eb command or the console set."""
    ours = {"DeploymentPolicy", "ServiceRole", "IamInstanceProfile", "InstanceTypes", "VPCId"}
    for tier in ("web", "worker"):
        there = {each.name for each in ebextensions.settings(ebextensions.files_of(tier))}
        here = {each["option_name"] for each in option_files(tier)["template"]["option_settings"]}
        assert there & ours == set()
        assert here >= ours


def test_every_message_is_hidden_for_longer_than_it_may_take() -> None:
    files = ebextensions.files_of("worker")
    queue = properties(parse(text_of("messaging"))["Resources"]["WorkerQueue"])
    gunicorn = re.search(r"--timeout (\d+)", (stacks.INFRA.parent / "Procfile").read_text())
    assert gunicorn is not None

    posting = int(ebextensions.value(files, "aws:elasticbeanstalk:sqsd", "InactivityTimeout"))

    assert int(gunicorn[1]) < posting < queue["VisibilityTimeout"]


# Containers


def tasks() -> dict[str, list[dict[str, Any]]]:
    """The containers of each, with those that a parameter adds."""
    template = parse(text_of("containers"))
    return {
        name: listed(properties(task)["ContainerDefinitions"])
        for name, task in of_type(template, "AWS::ECS::TaskDefinition")
    }


def containers() -> dict[str, dict[str, Any]]:
    return {each["Name"]: each for found in tasks().values() for each in found}


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {each["Name"]: each["Value"] for each in container["Environment"]}


def test_no_container_may_change_itself_or_be_root() -> None:
    for name, container in containers().items():
        assert container["ReadonlyRootFilesystem"] is True, name
        assert container["User"] == "10001", name
        assert "Privileged" not in container, name


def test_containers_run_what_the_procfile_runs() -> None:
    lines = (stacks.INFRA.parent / "Procfile").read_text().splitlines()
    procfile = dict(line.split(": ", 1) for line in lines)
    found = containers()

    for name in ("worker", "heavy"):
        assert " ".join(found[name]["Command"]) == procfile[name].partition("SIGQUIT ")[2]
        assert {"Name": "REMAP_SIGTERM", "Value": "SIGQUIT"} in found[name]["Environment"]
    assert " ".join(found["relay"]["Command"]) == procfile["relay"]


def test_figures_of_containers_go_where_somebody_takes_them() -> None:
    """The stacks' parameters name an instance's agent, which no container has."""
    desks = {name: each for name, each in containers().items() if "SSM_PREFIX" in variables(each)}

    assert len(desks) == 6
    assert {str(variables(each)["METRICS_URL"]) for each in desks.values()} == {"emf:"}


def test_traces_of_containers_go_to_the_collector_beside_them_or_nowhere() -> None:
    for task, found in tasks().items():
        *desks, collector = found
        told = json.loads(variables(collector)["AOT_CONFIG_CONTENT"])
        (takes,) = told["receivers"]["otlp"]["protocols"].values()

        assert (collector["Name"], collector["Essential"]) == ("collector", False), task
        assert told["service"]["pipelines"]["traces"] == {
            kind: list(told[kind]) for kind in ("receivers", "processors", "exporters")
        }
        for each in desks:
            if "SSM_PREFIX" not in variables(each):
                continue  # the poster is no desk
            condition, there, nowhere = variables(each)["TRACES_URL"]["Fn::If"]
            assert (condition, nowhere) == ("Traced", "none:")
            assert urlsplit(written(there)).netloc == takes["endpoint"]
            # So it is stopped after them, and takes their last spans.
            waits_for = list(walk(each.get("DependsOn", [])))
            assert (
                not each["Essential"]
                or {
                    "ContainerName": "collector",
                    "Condition": "START",
                }
                in waits_for
            ), each["Name"]


def test_a_rollout_of_containers_goes_back_by_alarm() -> None:
    template = parse(text_of("containers"))
    how = properties(template["Resources"]["Web"])["DeploymentConfiguration"]
    alarms = {written(each)[2:-1] for each in how["Alarms"]["AlarmNames"]}

    assert how["Alarms"]["Rollback"] is True
    assert alarms <= {name for name, _ in of_type(template, "AWS::CloudWatch::Alarm")}
    assert {each["Type"] for each in walk(template["Resources"]["Pages"]) if _is_action(each)} == {
        "forward"
    }


def _is_action(tree: Any) -> bool:
    return isinstance(tree, dict) and "ForwardConfig" in tree
