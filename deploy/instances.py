"""What an instance is asked to do, by a document of SSM with fixed words (infra/application.yaml).

Whoever may send such a document can run nothing else there. The instance answers with its own role,
from its own network, which no laptop could.
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

PATIENCE = timedelta(minutes=6)  # the documents' own limit, and the way there
LOOK = 5  # seconds
MOST = 24_000  # characters of an answer: Systems Manager cuts off what is longer
_ENDED = ("Success", "Failed", "TimedOut", "Cancelled", "Undeliverable", "Terminated")


@dataclass(frozen=True, slots=True)
class Said:
    environment: str
    instance: str
    is_done: bool  # with an exit status of 0
    out: str
    err: str

    @property
    def text(self) -> str:
        return "\n".join(text for text in (self.out, self.err) if text.strip())


def ask(beanstalk: Beanstalk, name: str, document: str) -> Said:
    """What one instance of an environment says. Raises BeanstalkError if none answers."""
    ssm: SSMClient = boto3.client("ssm", config=PATIENT)
    instances = beanstalk.instances(name)
    if not instances:
        raise BeanstalkError(f"{name} has no instance")
    instance = instances[0]
    try:
        sent = ssm.send_command(InstanceIds=[instance], DocumentName=document)
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
    return Said(
        name,
        instance,
        found["Status"] == "Success",
        found["StandardOutputContent"],
        found["StandardErrorContent"],
    )
