"""Forms with files: what came with a form is kept, so that no refusal loses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.kernel.actors import Actor
from apps.kernel.forms import shown_on
from apps.tickets import actions
from apps.tickets.files import stored
from apps.tickets.forms import WritingForm
from apps.tickets.models import Upload


def keep_files(form: WritingForm, *, actor: Actor, now: datetime) -> None:
    """Make uploads of the files that came with a form, whether or not the rest of it is right.

    A file that is refused is the form's error; then none of them is kept.
    """
    form.full_clean()
    files = form.cleaned_data.get("attachments") or []
    if not files:
        return
    with shown_on(form), stored(files) as kept, transaction.atomic():
        rows = [actions.keep_upload(stored=one, actor=actor, now=now) for one in kept]
        form.add_uploads([row.ref for row in rows])


def pending(form: WritingForm, *, actor: Actor, now: datetime) -> Sequence[Upload]:
    """The files that a form shown again still holds. No query for a fresh one."""
    refs = form["uploads"].value() or []
    return list(Upload.objects.waiting(actor, now=now).filter(ref__in=refs)) if refs else []
