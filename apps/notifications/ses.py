"""Mail out through Amazon SES: `ses://<configuration set>?inbox=<bucket>`.

The configuration set tells what becomes of each mail (apps.notifications.feedback). SES gives every
mail a Message-ID of its own, so that it is known by SES's name from then on, and by our label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from apps.kernel import aws
from apps.kernel.ports import Location
from apps.notifications.carrying import (
    LABEL,
    AwayError,
    BusyError,
    CarrierError,
    RefusedError,
)

SIMULATOR = "success@simulator.amazonses.com"
SOON, LATER = 5, 900  # seconds: a rate is over in moments, a day's quota is not

_BUSY = {
    "TooManyRequestsException": SOON,
    "Throttling": SOON,
    "ThrottlingException": SOON,
    "LimitExceededException": LATER,
}
_TOO_FAST = _("The mail service takes no more just now. The mail waits and is sent by itself.")
_TOO_MANY = _("The day's quota of the mail service is used up. The mail waits for more.")
_AWAY = {
    "SendingPausedException": _(
        "Sending is paused at the mail service: look at the configuration set in SES."
    ),
    "AccountSuspendedException": _("The account may send no mail: look at its case with AWS."),
    "MailFromDomainNotVerifiedException": _(
        "The mail service does not know the sender's domain: verify it in SES."
    ),
    "NotFoundException": _("The configuration set does not exist: look at MAIL_URL."),
    "AccessDeniedException": _("The desk may not send mail: look at its role's permissions."),
}
_UNREACHABLE = _("The mail service can't be reached. The mail is tried again.")
_UNVERIFIED = _("The mail service does not know the sender: verify MAIL_FROM's domain in SES.")
_REFUSED = _("The mail service refused this mail.")
_UNEXPECTED = _("The mail service answered something unexpected. The mail is tried again.")


class SesBackend(BaseEmailBackend):
    """Hands over each mail as it is, with all its headers. Raises CarrierError.

    Asked once: SES may have taken a mail whose answer was lost, and gives each its own Message-ID,
    so that its reader would see it as often as the library asks.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        configuration_set = urlsplit(settings.MAIL_URL).netloc
        for mail in email_messages:
            sender = sanitize_address(mail.from_email, "utf-8")
            to = [sanitize_address(address, "utf-8") for address in mail.recipients()]
            with _told(sender):
                answer = aws.client("sesv2", attempts=1).send_email(
                    FromEmailAddress=sender,
                    Destination={"ToAddresses": to},
                    Content={"Raw": {"Data": mail.message().as_bytes(linesep="\r\n")}},  # type: ignore[call-arg]  # Django's own
                    ConfigurationSetName=configuration_set,
                    EmailTags=_labels(getattr(mail, "label", "")),
                )
            mail.carried_as = answer["MessageId"]  # type: ignore[attr-defined]
        return len(email_messages)


def _labels(label: str) -> list[dict[str, str]]:
    return [{"Name": LABEL, "Value": label}] if label else []


class SesCarrier:
    def __init__(self, location: Location) -> None:
        self.location = location

    def prove(self) -> str:
        mail = EmailMessage("A probe of the desk's doctor", "Nobody reads this.", to=[SIMULATOR])
        SesBackend().send_messages([mail])
        return gettext("sent a mail to SES's simulator through %s") % self.location.netloc

    def readmit(self, address: str) -> None:
        with _told(""):
            try:
                _client().delete_suppressed_destination(EmailAddress=address)
            except ClientError as error:
                if _code(error) != "NotFoundException":
                    raise


def _client() -> Any:
    return aws.client("sesv2")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _told(sender: str) -> Iterator[None]:
    """SES's answers as ours."""
    try:
        yield
    except ClientError as error:
        raise _translated(error, sender) from error
    except BotoCoreError as error:
        raise AwayError(_UNREACHABLE, str(error)) from error
    except ImproperlyConfigured as error:
        raise AwayError(str(error)) from error


def _translated(error: ClientError, sender: str) -> CarrierError:
    code, said = _code(error), str(error.response.get("Error", {}).get("Message", ""))
    if code in _BUSY:
        busy = _TOO_FAST if _BUSY[code] == SOON else _TOO_MANY
        return BusyError(busy, said, seconds=_BUSY[code])
    if code in _AWAY:
        return AwayError(_AWAY[code], said)
    if code == "MessageRejected" and "not verified" in said and _names(said, sender):
        return AwayError(_UNVERIFIED, said)
    if code in {"MessageRejected", "BadRequestException"}:
        return RefusedError(_REFUSED, said)
    return AwayError(_UNEXPECTED, f"{code}: {said}")


def _names(said: str, sender: str) -> bool:
    """Whether SES speaks of the desk's own address. In the sandbox it refuses recipients too."""
    return sender.rpartition("<")[2].rstrip(">") in said
