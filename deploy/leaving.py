r"""Lets an instance finish what is under way before Auto Scaling ends it.

    python -m deploy.leaving

Runs on each instance as a service of its own (.platform/bin/units). The group keeps an instance
that it wants to end until the lifecycle hook DeskLeaves is completed, or its time is over. The
metadata service says when that begins; then the units are stopped, those of the Procfile side by
side, and the hook is completed. Source: AWS's guide to Auto Scaling, "Retrieve the target
lifecycle state through instance metadata" (retrieving-target-lifecycle-state-through-imds.html).
"""

from __future__ import annotations

import http.client
import logging
import os
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from deploy import procfile

logger = logging.getLogger(__name__)

HOOK = "desk-leaves"  # .ebextensions/10-desk.config
METADATA = "http://169.254.169.254"
LOOK = 5.0  # seconds between two looks
DRAIN = 75  # seconds: the load balancer's deregistration delay, and what it needs to begin
# One after the other: the poster asks nginx, which asks the web. Of a unit that a tier doesn't have
# systemd says that it is not loaded, and the others are stopped all the same.
IN_ORDER = ("sqsd", procfile.WEB, "nginx")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The instance metadata service, version 2: each question has a token of its own."""

    url: str = METADATA

    def ask(self, path: str) -> str | None:
        """None where the service knows nothing of the kind. Raises OSError."""
        token = self._request("PUT", "api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        if token is None:
            raise OSError("the metadata service gives no token")
        return self._request("GET", f"meta-data/{path}", {"X-aws-ec2-metadata-token": token})

    def _request(self, method: str, path: str, headers: dict[str, str]) -> str | None:
        url = urlsplit(self.url)
        asked = http.client.HTTPConnection(url.hostname or "", url.port, timeout=5)
        try:
            asked.request(method, f"/latest/{path}", headers=headers)
            answer = asked.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(f"the metadata service: {error!r}") from error
        finally:
            asked.close()
        return text if answer.status == http.client.OK else None


def wait_until_leaving(metadata: Metadata, *, sleep: Callable[[float], None]) -> None:
    """Return when the group wants to end this instance."""
    while True:
        try:
            if metadata.ask("autoscaling/target-lifecycle-state") == "Terminated":
                return
        except OSError as error:
            logger.warning("%s", error)
        sleep(LOOK)


def stop_work(
    processes: Collection[str],
    *,
    is_worker: bool,
    run: Callable[[list[str]], int],
    sleep: Callable[[float], None],
) -> None:
    """Stop the units; each has as long as its drop-in says (.platform/bin/units).

    The Procfile's others don't wait for each other, nor for those in order: one after the other,
    two that use their time would be killed with the instance, since the hook's is over before.
    """
    if not is_worker:
        sleep(DRAIN)  # requests still come while the load balancer takes the instance out
    others = [f"{name}.service" for name in processes if name not in IN_ORDER]
    if others:
        run(["systemctl", "stop", "--no-block", *others])
    for unit in IN_ORDER:
        code = run(["systemctl", "stop", f"{unit}.service"])
        logger.info("stopped %s: %s", unit, code)
    if others:
        code = run(["systemctl", "stop", *others])  # waits for those that are stopping
        logger.info("stopped %s: %s", ", ".join(others), code)


def let_go(metadata: Metadata) -> None:
    """Complete the hook: the group need not wait for its time to be over.

    Raises OSError, BotoCoreError and ClientError.
    """
    instance, region = metadata.ask("instance-id"), metadata.ask("placement/region")
    scaling = boto3.client("autoscaling", region_name=region)
    # Asked for, not given: an immutable update moves an instance from one group to another.
    told = scaling.describe_auto_scaling_instances(InstanceIds=[instance or ""])
    for each in told["AutoScalingInstances"]:
        scaling.complete_lifecycle_action(
            LifecycleHookName=HOOK,
            AutoScalingGroupName=each["AutoScalingGroupName"],
            InstanceId=each["InstanceId"],
            LifecycleActionResult="CONTINUE",
        )


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own words


@click.command(help=__doc__)
@click.option("--metadata", "at", default=METADATA, show_default=True)
def main(at: str) -> None:
    logging.basicConfig(level=logging.INFO)
    metadata = Metadata(at)
    # Now: a deployment that is under way when the instance leaves may have moved the folder.
    processes = procfile.processes()
    wait_until_leaving(metadata, sleep=time.sleep)
    # The poster is there on workers alone, whose environment has no load balancer.
    is_worker = _run(["systemctl", "is-active", "--quiet", "sqsd.service"]) == os.EX_OK
    stop_work(processes, is_worker=is_worker, run=_run, sleep=time.sleep)
    try:
        let_go(metadata)
    except (OSError, BotoCoreError, ClientError) as error:
        # The group goes on by itself when the hook's time is over.
        raise click.ClickException(f"could not say that this instance may go: {error}") from error


if __name__ == "__main__":
    main()
