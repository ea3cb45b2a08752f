from __future__ import annotations

from django.utils import timezone

from apps.desk import actions
from apps.events.jobs import chore


@chore
def send_due() -> None:
    """Send the replies whose time to be taken back is over. Rows are the truth: run it any time."""
    actions.send_all_due(now=timezone.now())
