"""What stands in the way of a stack that is to go, and what its template keeps all the same.

What holds data is guarded twice: by its own service, which refuses to delete it, and by its
template, which leaves it standing (ADR 45). Both are undone here, for stacks that somebody named.
"""

from __future__ import annotations

from collections.abc import Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy.stacks import Resource, StackError

# What a service answers that has no such thing: then it is done already.
_GONE = ("NotFound", "NoSuch", "DoesNotExist", "404")


def _database(name: str) -> str:
    boto3.client("rds").modify_db_instance(
        DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
    )
    return "may be deleted; a last snapshot of it stays, and its automated backups"


def _table(name: str) -> str:
    boto3.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    return "may be deleted"


def _rules(name: str) -> str:
    """SES deletes no rule set that is active. Another stage's stays so."""
    ses = boto3.client("ses")
    if ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name") != name:
        return "is not active"
    ses.set_active_receipt_rule_set()
    return "is active no more: no mail comes in by it"


def _empty_bucket(name: str) -> str:
    """Every version of every object, and what was never sent to its end."""
    s3 = boto3.client("s3")
    many = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        # Versions and the marks of what was deleted. A page has a thousand, as a call takes.
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        if not keys:
            continue
        done = s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})  # type: ignore[typeddict-item]
        if errors := done.get("Errors"):
            first = errors[0]
            raise StackError(f"{name}: {first.get('Key')} stays: {first.get('Message')}")
        many += len(keys)
    s3.delete_bucket(Bucket=name)
    return f"deleted, with {many} versions of files"


def _delete_table(name: str) -> str:
    boto3.client("dynamodb").delete_table(TableName=name)
    return "deleted"


def _delete_pool(name: str) -> str:
    cognito = boto3.client("cognito-idp")
    # Settings that a call doesn't name are set back: of a pool that is to go.
    cognito.update_user_pool(UserPoolId=name, DeletionProtection="INACTIVE")
    cognito.delete_user_pool(UserPoolId=name)
    return "deleted"


def _delete_secret(name: str) -> str:
    # At once: in the time for second thoughts no other one can have its name, and `up` would fail.
    boto3.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    return "deleted"


def _delete_key(name: str) -> str:
    found = boto3.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=30)
    return f"goes on {found['DeletionDate']:%Y-%m-%d}: until then it can be kept"


def _delete_search(name: str) -> str:
    boto3.client("opensearch").delete_domain(DomainName=name)
    return "deleted"


def _delete_warehouse(name: str) -> str:
    boto3.client("redshift-serverless").delete_namespace(namespaceName=name)
    return "deleted"


# By kind, as templates call it: what must be done before its stack can be deleted.
GUARDS: dict[str, Callable[[str], str]] = {
    "AWS::RDS::DBInstance": _database,
    "AWS::DynamoDB::Table": _table,
    "AWS::SES::ReceiptRuleSet": _rules,
}
# And what is left when it is.
KEPT: dict[str, Callable[[str], str]] = {
    "AWS::S3::Bucket": _empty_bucket,
    "AWS::DynamoDB::Table": _delete_table,
    "AWS::Cognito::UserPool": _delete_pool,
    "AWS::SecretsManager::Secret": _delete_secret,
    "AWS::KMS::Key": _delete_key,
    "AWS::OpenSearchService::Domain": _delete_search,
    "AWS::RedshiftServerless::Namespace": _delete_warehouse,
}


def unguard(resource: Resource) -> str:
    """Let it be deleted. What was done; "" if nothing guards it. Raises StackError."""
    return _do(GUARDS, resource)


def destroy(resource: Resource) -> str:
    """Delete what a template keeps. What was done. Raises StackError."""
    return _do(KEPT, resource) or "stays: nobody here knows how to delete it"


def _do(deeds: dict[str, Callable[[str], str]], resource: Resource) -> str:
    deed = deeds.get(resource.kind)
    if deed is None:
        return ""
    try:
        return deed(resource.name)
    except ClientError as error:
        # Whoever comes after a kill finds it done.
        if any(word in error.response["Error"]["Code"] for word in _GONE):
            return "is gone already"
        raise StackError(f"{resource}: {error}") from error
    except BotoCoreError as error:
        raise StackError(f"{resource}: {error}") from error
