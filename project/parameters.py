"""What CloudFormation wrote for the desk: parameters and secrets under one prefix.

`<prefix>/config/NAME` holds the value of the variable NAME; `<prefix>/secrets/NAME` holds a
secret's ARN, with `#key` behind it where the secret is a JSON object (as RDS makes them). They are
read once, at start, but for secrets that a service changes by itself (`renewing`); a variable of
the environment wins over them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import aws

logger = logging.getLogger(__name__)
RENEWED_AFTER = 60  # seconds


def load(prefix: str) -> dict[str, str]:
    """Every variable under the prefix. Raises ImproperlyConfigured, naming what can't be read."""
    try:
        found = _under(f"{prefix}/config")
        found |= {name: _secret(name, at) for name, at in _under(f"{prefix}/secrets").items()}
    except (BotoCoreError, ClientError) as error:
        raise ImproperlyConfigured(f"SSM_PREFIX={prefix!r} can't be read: {error}") from error
    if not found:
        raise ImproperlyConfigured(
            f"SSM_PREFIX={prefix!r} holds no parameters: was this stage deployed in this region?"
        )
    return found


def renewing(prefix: str, name: str, value: str) -> Callable[[], str]:
    """A reader of a secret that its service changes, as RDS does its password each week.

    `value` is what was read at the start. The secret is read again when somebody asks and the last
    look is older than a minute; where it can't be read, the last value stays.
    """
    last = (value, time.monotonic())

    def newest() -> str:
        nonlocal last
        known, read = last
        if time.monotonic() - read < RENEWED_AFTER:
            return known
        try:
            at = aws.client("ssm").get_parameter(Name=f"{prefix}/secrets/{name}")
            known = _secret(name, at["Parameter"]["Value"])
        except (BotoCoreError, ClientError, ImproperlyConfigured) as error:
            logger.warning("%s can't be read anew: %s", name, error)
        last = (known, time.monotonic())
        return known

    return newest


def _under(path: str) -> dict[str, str]:
    pages = aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    return {
        parameter["Name"].rpartition("/")[2]: parameter["Value"]
        for page in pages
        for parameter in page["Parameters"]
    }


def _secret(name: str, at: str) -> str:
    arn, _, key = at.partition("#")
    text: str = aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    if not key:
        return text
    values: dict[str, Any] = json.loads(text)
    if key not in values:
        raise ImproperlyConfigured(f"{name}: the secret {arn} has no {key!r}")
    return str(values[key])
