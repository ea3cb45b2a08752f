from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import throttle
from apps.accounts.middleware import actor_of
from apps.kernel.errors import NotFoundError
from apps.kernel.uploads import FileRefusedError
from apps.tickets import access, actions, files

UPLOADS = 200
UPLOADS_WITHIN = timedelta(minutes=10)


@login_required
@require_safe
def attachment(request: HttpRequest, ref: str) -> HttpResponse | FileResponse:
    """A file, as a download unless it is a picture; nothing in it may run."""
    found = access.attachment_by_ref(ref, actor_of(request))
    if not default_storage.exists(found.key):
        raise NotFoundError
    inline = found.content_type in files.INLINE_TYPES
    response = FileResponse(
        default_storage.open(found.key),
        as_attachment=not inline,
        filename=found.name,
        content_type=found.content_type if inline else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """Keep one file for a form that is still being written.

    Where files go straight to the storage from the browser, another view grants that and this
    one confirms it: either way `keep_upload` gets a stored file.
    """
    actor, now = actor_of(request), timezone.now()
    if not throttle.consume("upload", str(actor.id), limit=UPLOADS, window=UPLOADS_WITHIN, now=now):
        raise throttle.TooManyAttemptsError
    file = request.FILES.get("file")
    if file is None:
        raise FileRefusedError("Choose a file.")
    with files.stored([file]) as kept:
        row = actions.keep_upload(stored=kept[0], actor=actor, now=now)
    return JsonResponse(
        {
            "ref": row.ref,
            "name": row.name,
            "size": row.size,
            "remove": reverse("upload_remove", args=[row.ref]),
        }
    )


@login_required
@require_POST
def upload_remove(request: HttpRequest, ref: str) -> JsonResponse:
    """Throw a file away before it was sent. One that isn't there answers as one that was."""
    actions.discard_upload(ref=ref, actor=actor_of(request))
    return JsonResponse({"removed": True})
