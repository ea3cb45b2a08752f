"""Static files: that pages find those of this build at the address that browsers ask."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.ops.doctor import Ailment
from apps.ops.publish import MANIFEST, mark_of

_PROBED = "css/tokens.css"  # each page of both faces needs it


def assets() -> str:
    """Read only: what may be added there is a build's own files, which stay for good.

    What is sent last names all that was sent before, so that one file stands for all of them.
    """
    if settings.DEBUG:
        return _("the web processes serve them as they are")
    root = Path(settings.STATIC_ROOT)
    names = _collected(root)
    if settings.ASSETS_BUCKET is None:
        return _("the web processes have all %d of this build") % len(names)
    there = _at(names[_PROBED])
    if there is None:
        raise Ailment(_("%s is not at its public address") % names[_PROBED])
    if there != (root / names[_PROBED]).read_bytes():
        raise Ailment(_("%s reads otherwise at its public address") % names[_PROBED])
    mark = mark_of((root / MANIFEST).read_bytes())
    if _at(mark) is not None:
        return _("read one at its public address, and all %d of this build were sent") % len(names)
    if settings.ORIGIN_SECRET:
        raise Ailment(_("not all of this build were sent: %s is not there") % mark)
    return _("read one at its public address; nothing takes them from the bucket yet")


def _collected(root: Path) -> dict[str, str]:
    """Hashed names by the plain ones that pages are written with, each of them on the disk."""
    if not (root / MANIFEST).exists():
        raise Ailment(_("none were collected"))
    names: dict[str, str] = json.loads((root / MANIFEST).read_text())["paths"]
    missing = [name for name in names.values() if not (root / name).is_file()]
    if missing:
        told = ngettext("%(n)d is missing: %(first)s", "%(n)d are missing: %(first)s", len(missing))
        raise Ailment(told % {"n": len(missing), "first": missing[0]})
    return names


def _at(name: str) -> bytes | None:
    """What a browser gets; None where there is nothing, which S3 also calls forbidden."""
    url = f"{settings.SITE_URL}{settings.STATIC_URL}{name}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own site
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        if error.code in (403, 404):
            return None
        raise
