"""What the edge needs of an account that nobody should have to look up or make by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from deploy.stacks import StackError

# docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
ADDRESSES = "com.amazonaws.global.cloudfront.origin-facing"
BITS = 2048  # CloudFront takes RSA keys of this length


def completed(parameters: Mapping[str, str], *, stage: str, is_dry: bool = False) -> dict[str, str]:
    """The parameters with what follows from them.

    A MediaDomain wants a key for its links; a desk that answers CloudFront alone wants its load
    balancer to be reached by CloudFront alone. What was given by hand stays. Raises StackError.
    """
    found = dict(parameters)
    try:
        if found.get("MediaDomain") and "MediaKeySecret" not in found:
            found |= media_key(stage, is_dry=is_dry)
        if found.get("OnlyThroughEdge") == "true" and "EdgePrefixList" not in found:
            found["EdgePrefixList"] = addresses()
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"what the edge needs: {error}") from error
    return found


def media_key(stage: str, *, is_dry: bool = False) -> dict[str, str]:
    """The pair that links to files are signed with, made once. Its private half never leaves AWS.

    CloudFront's copy of the public half can't be changed in place: the same secret gives the same.
    With `is_dry` a pair that there is not yet is made up, and nothing keeps it.
    """
    secrets = boto3.client("secretsmanager")
    name = f"tendril-{stage}-media-key"
    try:
        known = secrets.get_secret_value(SecretId=name)
        arn, private = known["ARN"], known["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        arn = f"arn:aws:secretsmanager:{secrets.meta.region_name}:000000000000:secret:{name}-dryrun"
        if not is_dry:
            arn = secrets.create_secret(
                Name=name,
                Description="What the desk signs links to files with; CloudFront has the rest.",
                SecretString=private,
                Tags=[{"Key": "tendril:stage", "Value": stage}],
            )["ARN"]
    return {"MediaKeySecret": arn, "MediaPublicKey": _public(private)}


def addresses() -> str:
    """The id, in this region, of the list of addresses that CloudFront asks origins from."""
    ec2: Any = boto3.client("ec2")
    lists = ec2.describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": [ADDRESSES]}]
    )["PrefixLists"]
    if not lists:
        raise StackError(f"this region has no list {ADDRESSES}: set EdgePrefixList")
    found: str = lists[0]["PrefixListId"]
    return found


def _public(private: str) -> str:
    key = load_pem_private_key(private.encode(), password=None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
