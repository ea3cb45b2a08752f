"""Clients of AWS: one per service and process, with time limits that suit a request.

Region, credentials and, for a local AWS, `AWS_ENDPOINT_URL` come from the environment, as for any
program that uses AWS's library.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from botocore.config import Config

# Seconds. A page waits for S3 or SQS no longer than this; what failed is tried once more.
CONNECT, READ, FILE_READ = 3, 20, 8


@functools.cache
def client(
    service: str, *, endpoint: str | None = None, read: float = READ, attempts: int = 3
) -> Any:
    """A client as boto3 names it, safe to share between threads.

    `endpoint` where a service's own variable names its host; `read` in seconds. Raises
    ImproperlyConfigured, in one line, where region or credentials are missing.
    """
    import boto3

    session = boto3.session.Session()
    if session.get_credentials() is None:
        raise ImproperlyConfigured(
            f"No AWS credentials for {service}: give the instance a role, or set AWS_PROFILE or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    # The library itself reads AWS_DEFAULT_REGION alone; the platform's own name is the other.
    region = os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise ImproperlyConfigured(f"No AWS region for {service}: set AWS_REGION")
    return session.client(
        service,  # type: ignore[call-overload]
        region_name=region,
        endpoint_url=endpoint,
        config=config(service, read=read, attempts=attempts),
    )


def config(service: str, *, read: float = READ, attempts: int = 3) -> Config:
    """Time limits; and links to S3 that lead to the bucket's own address in its region.

    Left to itself the library signs them for the address of all regions, which sends browsers on
    to the right one: a form with a file in it doesn't survive that. A local AWS has one address.
    """
    from botocore.config import Config

    if service == "s3":  # somebody waits at a page: a minute of silence is too long for them
        read, attempts = min(read, FILE_READ), min(attempts, 2)
    limits = Config(
        connect_timeout=CONNECT,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=20,
    )
    if service != "s3":
        return limits
    is_local = "AWS_ENDPOINT_URL_S3" in os.environ or "AWS_ENDPOINT_URL" in os.environ
    return limits.merge(
        Config(
            signature_version="s3v4",
            s3={
                "addressing_style": "path" if is_local else "virtual",
                "us_east_1_regional_endpoint": "regional",
            },
        )
    )


# A child shares its parent's sockets, and would read the answers to its questions.
os.register_at_fork(after_in_child=client.cache_clear)
