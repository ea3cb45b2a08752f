from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.middleware import actor_of
from apps.kernel.errors import NotFoundError
from apps.tickets import access, files


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
