"""What a ticket of an alarm says, in the desk's own language."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.ops.alarms.reading import Told
from apps.ops.metrics.alarms import ALARMS
from apps.ops.metrics.table import Alarm

CATEGORY, PERSON = "Alarms", "Alarms"
_BY_NAME = {alarm.name: alarm for alarm in ALARMS}


def alarm_of(name: str) -> Alarm | None:
    """The table's, for one whose name is tendril-<stage>-<name>."""
    return _BY_NAME.get(name.removeprefix(f"tendril-{settings.STAGE}-"))


def subject(told: Told) -> str:
    known = alarm_of(told.name)
    return f"{known.says[0].upper()}{known.says[1:]}" if known else told.name


def opening(told: Told) -> str:
    """Markdown. What CloudWatch wrote stands in code, so that none of it is taken for a sign."""
    with translation.override(settings.LANGUAGE_CODE):
        parts = [told.says, _quoted(told.why), *_runbook(told.name)]
        if told.page:
            parts.append(_("In CloudWatch: %(page)s") % {"page": f"<{told.page}>"})
    return "\n\n".join(part for part in parts if part)


BACK = gettext_noop("The alarm is back.")
OVER = gettext_noop("The alarm is over.")
QUIET = gettext_noop("The alarm has been quiet for half an hour.")
UNSTEADY = gettext_noop(
    "The alarm comes and goes: this ticket stays open until it has been quiet for half an hour."
)


def note(text: str, why: str = "") -> str:
    """One of the above, and what CloudWatch says of it."""
    with translation.override(settings.LANGUAGE_CODE):
        return "\n\n".join(part for part in (_(text), _quoted(why)) if part)


def _quoted(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`" if text else ""


def _runbook(name: str) -> list[str]:
    alarm = alarm_of(name)
    if alarm is None:
        return []
    return [
        alarm.means,
        *(_("Look at:"), "\n".join(f"- {step}" for step in alarm.look)),
        *(_("Then:"), "\n".join(f"- {step}" for step in alarm.do)),
    ]
