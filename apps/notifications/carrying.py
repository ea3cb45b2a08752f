"""What takes mail away from the desk, and in which ways it may not. MAIL_URL chooses."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from apps.kernel.ports import Port

LABEL = "mail"  # the tag under which a carrier tells our number of a mail


class DeskMail(EmailMultiAlternatives):
    """A mail as it is handed over.

    `label` is the number that a carrier may tell us of it by later. `carried_as` is the carrier's
    own name for it, set when it was taken; "" where there is none.
    """

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label = label
        self.carried_as = ""


class CarrierError(Exception):
    """Not taken. `said` is the carrier's own words; the message is ours, for the desk's staff."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.args[0], self.said)))


class RefusedError(CarrierError):
    """It won't be taken as it is, however often it is tried."""


class AwayError(CarrierError):
    """Nothing can be carried before somebody, maybe time, mends what the message tells."""


class BusyError(CarrierError):
    """Too much at once: nothing is wrong, and it is taken later. `seconds` at least."""

    def __init__(self, message: str, said: str = "", *, seconds: int) -> None:
        super().__init__(message, said)
        self.seconds = seconds


class Carrier(Protocol):
    def prove(self) -> str:
        """Carry, or nearly carry, a mail that reaches nobody. Returns what was done.

        Raises CarrierError, or what its library raises.
        """

    def readmit(self, address: str) -> None:
        """Strike an address off the carrier's own list of those it sends nothing to."""


carrier: Port[Carrier] = Port(
    "MAIL_URL",
    {
        "folder": "apps.notifications.folder.FolderCarrier",
        "smtp": "apps.notifications.smtp.SmtpCarrier",
        "smtp+starttls": "apps.notifications.smtp.SmtpCarrier",
        "smtps": "apps.notifications.smtp.SmtpCarrier",
        "ses": "apps.notifications.ses.SesCarrier",
    },
)


def told(error: str) -> str:
    """What is kept of an error, in the reader's language: its first line is ours."""
    ours, _, said = error.partition("\n")
    return " ".join(filter(None, (gettext(ours) if ours else "", said)))
