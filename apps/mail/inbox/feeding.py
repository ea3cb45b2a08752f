"""Whether SES brings mail to the bucket: only by the one rule set that is active in a region."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext as _

from apps.kernel import aws
from apps.mail.inbox import InboxAwayError, UnfedError


def proved(bucket: str, prefix: str) -> str:
    """What is proved, or why not. Raises UnfedError, InboxAwayError."""
    if _is_local():
        return _("not proved: that mail is brought; a local AWS takes none in")
    try:
        active = aws.client("ses").describe_active_receipt_rule_set()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}:
            return _("not proved: that mail is brought; may not ses:DescribeActiveReceiptRuleSet")
        raise InboxAwayError from error
    except BotoCoreError as error:
        raise InboxAwayError from error
    told = {"name": active.get("Metadata", {}).get("Name", ""), "bucket": bucket}
    if not told["name"]:
        raise UnfedError(_("SES takes in no mail: no receipt rule set is active in this region."))
    if not any(_brings(rule, bucket, prefix) for rule in active.get("Rules", ())):
        elsewhere = _("SES takes in mail by the rules of %(name)s: none puts it into %(bucket)s.")
        raise UnfedError(elsewhere % told)
    return _("SES brings mail by the rules of %(name)s") % told


def _brings(rule: Mapping[str, Any], bucket: str, prefix: str) -> bool:
    puts = [action["S3Action"] for action in rule.get("Actions", ()) if "S3Action" in action]
    there = (bucket, prefix)
    return bool(rule.get("Enabled")) and there in {
        (put["BucketName"], put.get("ObjectKeyPrefix", "")) for put in puts
    }


def _is_local() -> bool:
    """All of AWS is a local one, whose SES knows no rule that stores mail."""
    return "AWS_ENDPOINT_URL" in os.environ and "AWS_ENDPOINT_URL_SES" not in os.environ
