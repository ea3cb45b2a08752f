"""What keeps things: database, caches, files, the index, embedded folders."""

from __future__ import annotations

import io
import shutil
import urllib.request
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.insights.figures import Place, figures
from apps.kernel.scanning import scanner
from apps.kernel.storage import Showing, store
from apps.ops.doctor import Ailment
from apps.ops.models import ChoreRun
from apps.search.documents import Kind
from apps.search.expressions import Phrase
from apps.search.index import Question, index

LEAST_FREE = 512 * 1024 * 1024  # bytes
# The harmless file that every scanner has to find (eicar.org): in parts, or it would be found here.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def database() -> str:
    """Write a row and take it back; whether it kept to that is looked up afterwards."""
    name = f"doctor-{uuid.uuid4()}"
    with transaction.atomic():
        ChoreRun.objects.create(name=name, due_at=timezone.now())
        if not ChoreRun.objects.filter(name=name).exists():
            raise Ailment(_("a row that was written could not be read"))
        transaction.set_rollback(True)
    if ChoreRun.objects.filter(name=name).exists():
        raise Ailment(_("a row that was rolled back is still there"))
    return _("wrote a row and took it back (%(server)s)") % {"server": _server()}


def _server() -> str:
    if connection.vendor != "postgresql":
        return connection.display_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('statement_timeout'),"
            " current_setting('lock_timeout')"
        )
        version, statements, locks = cursor.fetchone()
    pool = settings.DATABASES["default"]["OPTIONS"].get("pool", {}).get("max_size", 0)
    told = {"version": version, "statements": statements, "locks": locks, "pool": pool}
    return (
        _(
            "PostgreSQL %(version)s, statements end after %(statements)s, locks after %(locks)s,"
            " %(pool)d pooled connections a process"
        )
        % told
    )


def migrations() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(
            f"{migration.app_label}.{migration.name}" for migration, _back in plan[:3]
        )
        raise Ailment(_("%(count)d are missing: %(names)s") % {"count": len(plan), "names": names})
    return _("all are applied")


def cache() -> str:
    """Each of the desk's caches, in turn."""
    for alias in settings.CACHES:
        key, value = f"doctor-{uuid.uuid4()}", uuid.uuid4().hex
        caches[alias].set(key, value, 30)
        if caches[alias].get(key) != value:
            raise Ailment(_("what was put into “%s” could not be read") % alias)
        caches[alias].delete(key)
        if caches[alias].get(key) is not None:
            raise Ailment(_("what was deleted from “%s” is still there") % alias)
    return _("put, read and deleted a value in: %s") % ", ".join(settings.CACHES)


def files() -> str:
    """Through the address that a browser would be sent to, where there is one."""
    kept, content = store(), uuid.uuid4().bytes
    name = kept.save(f"doctor/{uuid.uuid4()}.txt", ContentFile(content))
    try:
        with kept.open(name) as file:
            if file.read() != content:
                raise Ailment(_("a file that was written reads otherwise"))
        showing = Showing(name="probe.txt", content_type="text/plain", is_inline=False)
        answer = kept.serve(name, showing)
        address = answer.get("Location", "")
        if address:
            with urllib.request.urlopen(address, timeout=10) as got:  # noqa: S310 - our own storage
                if got.read() != content:
                    raise Ailment(_("a file reads otherwise at its public address"))
        if isinstance(answer, FileResponse) and answer.file_to_stream is not None:
            answer.file_to_stream.close()  # the answer's own close() would end the connections too
    finally:
        kept.erase(name)
    if kept.exists(name):
        raise Ailment(_("a file that was deleted is still there"))
    way = _("through its signed address") if address else _("through the desk")
    return _("wrote a file, read it %s and deleted it") % way


def live_figures() -> str:
    """A lease is a conditional write, and reading it back another: a second one is refused."""
    owner, now = uuid.uuid4().hex, timezone.now()
    until = now + timedelta(seconds=1)
    kept = figures.get()
    if kept.take("doctor", owner=owner, now=now, until=until) is None:
        raise Ailment(_("somebody else is looking just now: try again"))
    if kept.take("doctor", owner="another", now=now, until=until) is not None:
        raise Ailment(_("a condition of a write did not hold"))
    kept.keep("doctor", Place(position=None), owner=owner)
    kept.between(now - timedelta(minutes=1), now)
    return _("wrote under a condition, was refused rightly, and read figures")


def scanning() -> str:
    if scanner.get().find(io.BytesIO(b"harmless")):
        raise Ailment(_("it finds harm in a harmless file"))
    found = scanner.get().find(io.BytesIO(_EICAR))
    if not found:
        raise Ailment(_("it lets the test file for scanners pass"))
    return _("let a harmless file pass and found %s") % found


def search() -> str:
    """Ask for a word that nobody uses."""
    where = Phrase((uuid.uuid4().hex,))
    found = index.get().find(Question(kind=Kind.TICKET, where=where))
    if found.candidates:
        raise Ailment(_("it finds what is not there"))
    return _("the index answers")


def disk() -> str:
    folder = Path(settings.VAR_DIR)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    told = {"free": free // 2**20, "folder": settings.VAR_DIR}
    if free < LEAST_FREE:
        raise Ailment(_("only %(free)d MB are left for %(folder)s") % told)
    return _("%(free)d MB are left for %(folder)s") % told
