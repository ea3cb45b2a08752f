"""The desk's doctor, run on an instance of each environment.

By a document of SSM with fixed words (infra/application.yaml): whoever may send it can run nothing
else there. The instance proves its services with its own role, from its own network, which no
laptop could.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from deploy.beanstalk import PATIENT, Beanstalk, BeanstalkError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PATIENCE = timedelta(minutes=6)  # the document's own limit, and the way there
LOOK = 5  # seconds
_ENDED = ("Success", "Failed", "TimedOut", "Cancelled", "Undeliverable", "Terminated")


@dataclass(frozen=True, slots=True)
class Said:
    environment: str
    instance: str
    is_well: bool
    text: str


def examine(beanstalk: Beanstalk) -> list[Said]:
    """What the doctor says on one instance of each environment. Raises BeanstalkError."""
    ssm: SSMClient = boto3.client("ssm", config=PATIENT)
    return [_one(beanstalk, ssm, name) for name in sorted(beanstalk.environments())]


def wrong(beanstalk: Beanstalk, name: str) -> str:
    """What the doctor complains of in one environment; "" if all is well.

    Not by a request from here: behind the edge an environment lets in CloudFront alone.
    """
    try:
        said = _one(beanstalk, boto3.client("ssm", config=PATIENT), name)
    except BeanstalkError as error:
        return str(error)
    return "" if said.is_well else said.text


def _one(beanstalk: Beanstalk, ssm: SSMClient, name: str) -> Said:
    instances = beanstalk.instances(name)
    if not instances:
        raise BeanstalkError(f"{name} has no instance")
    instance = instances[0]
    try:
        sent = ssm.send_command(InstanceIds=[instance], DocumentName=beanstalk.desk.doctor)
        command = sent["Command"]["CommandId"]
        until = beanstalk.clock.now() + PATIENCE
        while True:
            beanstalk.clock.sleep(LOOK)
            found = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
            if found["Status"] in _ENDED:
                break
            if beanstalk.clock.now() > until:
                raise BeanstalkError(f"{instance} of {name} does not answer: {found['Status']}")
    except ClientError as error:
        raise BeanstalkError(f"{instance} of {name}: {error}") from error
    told = "\n".join(
        text
        for text in (found["StandardOutputContent"], found["StandardErrorContent"])
        if text.strip()
    )
    return Said(name, instance, found["Status"] == "Success", told)
