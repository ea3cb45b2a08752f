"""The page of jobs that were given up, and of chores that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import ForbiddenError
from apps.ops import actions
from apps.ops.dead_jobs import DeadJob, Found, UnavailableError, dead_jobs
from apps.ops.models import JobFailure

HOME = "admin:dead_jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A job, and how it failed the last time where that is known."""

    job: DeadJob
    failure: JobFailure | None

    @property
    def times(self) -> int:
        return max(self.job.times, self.failure.times if self.failure else 0)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Staff read what was given up, and choose; what they chose is asked for once more."""
    if not actor_of(request).can(Permission.MANAGE_DESK):
        raise ForbiddenError
    if request.method == "POST":
        return _chosen(request)
    try:
        found = dead_jobs.get().read()
    except UnavailableError as error:
        return _show(request, Found(jobs=[], total=0), away=error)
    return _show(request, found)


def _show(request: HttpRequest, found: Found, away: UnavailableError | None = None) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Jobs given up"),
        "chores": list(JobFailure.objects.of_chores()),
        "rows": _rows(found.jobs),
        "hidden": found.total - len(found.jobs),
        "away": away,
    }
    return render(request, "admin/ops/dead_jobs.html", context, status=away.status if away else 200)


def _rows(jobs: Iterable[DeadJob]) -> list[Row]:
    listed = list(jobs)
    known = JobFailure.objects.in_bulk([job.job_id for job in listed], field_name="job_id")
    return [Row(job=job, failure=known.get(job.job_id)) for job in listed]


def _chosen(request: HttpRequest) -> HttpResponse:
    """`key` are the jobs that are ticked, `shown` all that the page has, which `all` means."""
    what = request.POST.get("do", "")
    keys = set(request.POST.getlist("shown" if "all" in request.POST else "key"))
    if what not in _DO or not keys:
        messages.warning(request, _("Choose jobs first."))
        return redirect(HOME)
    if "sure" not in request.POST:
        return _ask(request, what, keys)
    done, away = _do(what, keys, request)
    if done:
        messages.success(request, _DO[what].told(done))
    if away:
        messages.error(request, str(away))
    elif done < len(keys):
        messages.warning(request, _not_found(len(keys) - done))
    return redirect(HOME)


def _do(what: str, keys: set[str], request: HttpRequest) -> tuple[int, UnavailableError | None]:
    """How many were seen to, each with its line in the journal, until the broker went away."""
    done = 0
    try:
        for job in _take(what)(keys):
            _note(what, job, request)
            done += 1
    except UnavailableError as error:
        return done, error
    return done, None


def _ask(request: HttpRequest, what: str, keys: set[str]) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _DO[what].title,
        "text": _DO[what].question(len(keys)),
        "do": what,
        "keys": sorted(keys),
    }
    return render(request, "admin/ops/dead_jobs_sure.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doing:
    title: Any
    question: Callable[[int], str]
    told: Callable[[int], str]


def _retry_question(n: int) -> str:
    return (
        ngettext(
            "%d job goes back to the end of its queue, and begins anew.",
            "%d jobs go back to the end of their queues, and begin anew.",
            n,
        )
        % n
    )


def _retried(n: int) -> str:
    return ngettext("%d job will be tried again.", "%d jobs will be tried again.", n) % n


def _not_found(n: int) -> str:
    return (
        ngettext(
            "%d job was not found: somebody else has seen to it, or looks at it just now.",
            "%d jobs were not found: somebody else has seen to them, or looks at them just now.",
            n,
        )
        % n
    )


def _drop_question(n: int) -> str:
    return (
        ngettext(
            "%d job is thrown away undone. It can't be brought back.",
            "%d jobs are thrown away undone. They can't be brought back.",
            n,
        )
        % n
    )


def _dropped(n: int) -> str:
    return ngettext("%d job was thrown away.", "%d jobs were thrown away.", n) % n


_DO = {
    "retry": _Doing(title=_("Try again"), question=_retry_question, told=_retried),
    "drop": _Doing(title=_("Throw away"), question=_drop_question, told=_dropped),
}


def _take(what: str) -> Any:
    return dead_jobs.get().retry if what == "retry" else dead_jobs.get().drop


def _note(what: str, job: DeadJob, request: HttpRequest) -> None:
    note = actions.note_retried if what == "retry" else actions.note_dropped
    actor, now = actor_of(request), timezone.now()
    note(job_id=job.job_id, task=job.task, queue=job.queue, actor=actor, now=now)


def urls() -> list[URLPattern]:
    """What the admin site takes in beside its models' pages."""
    return [path("dead-jobs/", admin.site.admin_view(page), name="dead_jobs")]
