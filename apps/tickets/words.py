"""Words that are data, yet come with the desk: named here, so that translators find them.

A page shows them through gettext; what an administrator wrote instead has no translation, and is
shown as it is.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.tickets.statuses import StatusCategory

# What migration 0002 names statuses, for agents and for customers.
STATUS_LABELS = (
    gettext_noop("New"),
    gettext_noop("Received"),
    gettext_noop("Open"),
    gettext_noop("We're on it"),
    gettext_noop("Pending"),
    gettext_noop("Waiting for your answer"),
    gettext_noop("On hold"),
    gettext_noop("Waiting for somebody else"),
    gettext_noop("Scheduled"),
    gettext_noop("Planned"),
    gettext_noop("Resolved"),
    gettext_noop("Solved"),
    gettext_noop("Closed"),
    gettext_noop("Cancelled"),
    gettext_noop("Withdrawn"),
    gettext_noop("Spam"),
    gettext_noop("Merged"),
    gettext_noop("Joined with another request"),
)

# The same in a sentence.
CATEGORIES: dict[StatusCategory, str | Promise] = {
    StatusCategory.NEW: _("new"),
    StatusCategory.OPEN: _("open"),
    StatusCategory.PENDING: _("pending"),
    StatusCategory.ON_HOLD: _("on hold"),
    StatusCategory.SCHEDULED: _("scheduled"),
    StatusCategory.RESOLVED: _("resolved"),
    StatusCategory.CLOSED: _("closed"),
    StatusCategory.CANCELLED: _("cancelled"),
    StatusCategory.SPAM: _("spam"),
    StatusCategory.MERGED: _("merged"),
}
