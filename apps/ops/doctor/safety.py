"""What nobody notices until it is too late: keys, cookies, clocks."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.core.checks import Tags, run_checks
from django.db import connection
from django.http.request import validate_host
from django.utils.translation import gettext as _

from apps.accounts.identity import provider
from apps.accounts.identity.web import read
from apps.kernel import aws
from apps.ops.doctor import Ailment

LEAST_KEY, LEAST_KINDS = 40, 10  # characters, and different ones among them
MOST_SKEW = 20  # seconds; codes of second factors live for 30
_LOCAL = {"localhost", "127.0.0.1", "::1"}
# Whether other names below the domain are served over HTTPS is not the desk's to say.
_NOT_OURS = {"security.W005", "security.W021"}


def secret_key() -> str:
    key: str = settings.SECRET_KEY
    if len(key) < LEAST_KEY or len(set(key)) < LEAST_KINDS or key.startswith("django-insecure-"):
        raise Ailment(_("it is short or easily guessed"))
    return _("%d characters long") % len(key)


def site() -> str:
    """What Django's `check --deploy` says, and whether the desk answers to its own name."""
    if not validate_host(settings.SITE_HOST, settings.ALLOWED_HOSTS):
        told = {"host": settings.SITE_HOST}
        raise Ailment(_("ALLOWED_HOSTS leaves out %(host)s, which SITE_URL names") % told)
    if settings.SITE_HOST in _LOCAL:
        return _("%s: for this machine alone, without HTTPS") % settings.SITE_URL
    if not settings.SITE_URL.startswith("https://"):
        raise Ailment(_("%s is not served over HTTPS") % settings.SITE_URL)
    troubles = run_checks(tags=[Tags.security], include_deployment_checks=True)
    found = [str(one.msg) for one in troubles if one.id not in _NOT_OURS]
    if found:
        raise Ailment(" ".join(found))
    return _("%s: HTTPS, cookies and headers are as they should be") % settings.SITE_URL


def clock() -> str:
    """Compare with the database's clock and, where the desk is on AWS, with AWS's."""
    clocks = {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            clocks["PostgreSQL"] = _skew(cursor.fetchone()[0])
    if os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        answer = aws.client("sts").get_caller_identity()["ResponseMetadata"]
        clocks["AWS"] = _skew(parsedate_to_datetime(answer["HTTPHeaders"]["date"]))
    wrong = [f"{name} {skew:+.0f} s" for name, skew in clocks.items() if abs(skew) > MOST_SKEW]
    if wrong:
        raise Ailment(_("clocks differ: %s") % ", ".join(wrong))
    if not clocks:
        return _("there is no other clock to compare with")
    return _("as on: %s") % ", ".join(clocks)


def _skew(theirs: datetime) -> float:
    """Seconds that their clock is ahead of ours."""
    return (theirs - datetime.now(UTC)).total_seconds()


def identity() -> str:
    known = provider()
    if known is None:
        return _("accounts of the desk's own")
    told = read(known.discovery)
    keys = read(str(told["jwks_uri"])).get("keys") or []
    if told.get("issuer") != known.issuer:
        raise Ailment(_("it says that it is %s") % told.get("issuer"))
    if not keys:
        raise Ailment(_("it shows no keys"))
    return _("read its description and %d keys") % len(keys)
