from __future__ import annotations

from django.core.mail import get_connection
from django.utils.translation import gettext as _

from apps.kernel.ports import Location


class SmtpCarrier:
    """A mail server: Django's own backend sends."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def prove(self) -> str:
        connection = get_connection()
        try:
            connection.open()  # greeting, EHLO, TLS and the password, as far as they are set
        finally:
            connection.close()
        return _("greeted %s and signed in, as MAIL_URL says") % self.location.hostname

    def readmit(self, address: str) -> None:
        """It keeps no list that we could reach."""
