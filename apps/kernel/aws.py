"""Clients of AWS: one per service and process, with time limits that suit a request.

Region, credentials and, for a local AWS, `AWS_ENDPOINT_URL` come from the environment, as for any
program that uses AWS's library.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# Seconds. A page waits for S3 or SQS no longer than this; what failed is tried once more.
CONNECT, READ = 3, 20


@functools.cache
def client(service: str, *, read: float = READ, attempts: int = 3) -> Any:
    """A client as boto3 names it, safe to share between threads.

    `read` in seconds. Raises ImproperlyConfigured, in one line, where region or credentials are
    missing.
    """
    import boto3
    from botocore.config import Config

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
        config=Config(
            connect_timeout=CONNECT,
            read_timeout=read,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=20,
        ),
    )
