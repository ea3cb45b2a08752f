"""Dates as the portal says them. Django's `date` filter is half of what a list page costs."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext as _


def day(moment: datetime) -> str:
    """3 December 2026, where the reader is."""
    local = timezone.localtime(moment)
    month = str(MONTHS[local.month])
    return _("%(day)s %(month)s %(year)s") % {
        "day": local.day,
        "month": month,
        "year": local.year,
    }


def clock(moment: datetime) -> str:
    """3 Dec 2026, 14:05, where the reader is."""
    local = timezone.localtime(moment)
    return _("%(day)s %(month)s %(year)s, %(time)s") % {
        "day": local.day,
        "month": str(MONTHS_3[local.month]).capitalize(),
        "year": local.year,
        "time": f"{local:%H:%M}",
    }


def iso(moment: datetime) -> str:
    """For the datetime attribute of <time>."""
    return moment.isoformat(timespec="seconds")
