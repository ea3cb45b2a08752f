from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import throttle
from apps.accounts.middleware import actor_of
from apps.kernel.actors import Actor
from apps.kernel.storage import Grant, NeverArrivedError
from apps.kernel.uploads import FileRefusedError
from apps.tickets import access, actions, files
from apps.tickets.models import Upload

UPLOADS = 200
UPLOADS_WITHIN = timedelta(minutes=10)
CONFIRM_WITHIN = timedelta(hours=1)  # slow lines begin in time and end much later
_SALT = "tickets.upload"


@login_required
@require_safe
def attachment(request: HttpRequest, ref: str) -> HttpResponseBase:
    """A file, as a download unless it is a picture; nothing in it may run."""
    return files.serve(access.attachment_by_ref(ref, actor_of(request)))


@login_required
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """Keep one file for a form that is still being written.

    With only its `name` and `size` it is asked where the file goes: answers a grant, and how to
    confirm it where the file doesn't come here.
    """
    actor, now = actor_of(request), timezone.now()
    file = request.FILES.get("file")
    if file is None:
        return _granted(request, actor)
    _count("upload", actor)
    with files.stored([file]) as kept:
        row = actions.keep_upload(stored=kept[0], actor=actor, now=now)
    return JsonResponse(_told(row))


def _granted(request: HttpRequest, actor: Actor) -> JsonResponse:
    name, size = request.POST.get("name", ""), request.POST.get("size", "")
    if not name or not size.isdecimal():
        raise FileRefusedError(_("Choose a file."))
    _count("upload-grant", actor)
    key = files.new_arrival()
    grant = files.grant(key, name=name, size=int(size[:18]))
    if grant is None:
        here = {"csrfmiddlewaretoken": get_token(request)}
        return JsonResponse(_open_door(Grant(url=reverse("upload"), fields=here)))
    token = signing.dumps([actor.id, key, name], salt=_SALT)
    confirm = {"url": reverse("upload_confirm"), "fields": {"token": token}}
    return JsonResponse({**_open_door(grant), "confirm": confirm})


def _open_door(grant: Grant) -> dict[str, Any]:
    return {"url": grant.url, "fields": dict(grant.fields)}


@login_required
@require_POST
def upload_confirm(request: HttpRequest) -> JsonResponse:
    """Look at what was sent straight to the storage, and keep it. Said twice, it is kept once."""
    actor, now = actor_of(request), timezone.now()
    try:
        owner, key, name = signing.loads(
            request.POST.get("token", ""), salt=_SALT, max_age=CONFIRM_WITHIN
        )
    except signing.BadSignature as error:
        raise NeverArrivedError from error
    if owner != actor.id:
        raise NeverArrivedError
    row = access.upload_by_arrival(key, actor)
    if row is None:
        # Before anything is fetched: it costs the desk as much as it cost whoever sent it.
        _count("upload-confirm", actor)
        actions.check_room(actor=actor, now=now)
        with files.settled(key, name=name) as stored:
            row = actions.keep_upload(stored=stored, actor=actor, now=now, arrival=key)
    return JsonResponse(_told(row))


def _count(what: str, actor: Actor) -> None:
    now = timezone.now()
    if not throttle.consume(what, str(actor.id), limit=UPLOADS, window=UPLOADS_WITHIN, now=now):
        raise throttle.TooManyAttemptsError


def _told(row: Upload) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "name": row.name,
        "size": row.size,
        "remove": reverse("upload_remove", args=[row.ref]),
    }


@login_required
@require_POST
def upload_remove(request: HttpRequest, ref: str) -> JsonResponse:
    """Throw a file away before it was sent. One that isn't there answers as one that was."""
    actions.discard_upload(ref=ref, actor=actor_of(request))
    return JsonResponse({"removed": True})
