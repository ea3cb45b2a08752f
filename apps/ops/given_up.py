"""A page of what was given up: staff read it, and have it tried again or thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.kernel.errors import ForbiddenError
from apps.kernel.ports import Port
from apps.ops.dead_jobs import DeadJob, DeadJobs, Found, UnavailableError
from apps.ops.models import JobFailure

Text = str | Promise


class Note(Protocol):
    """Says in the journal who has seen to one."""

    def __call__(self, *, job: DeadJob, actor: Actor, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What can be done with those that are ticked. `question` and `told` take how many."""

    title: Text
    question: Any  # of ngettext_lazy, whose type is no text's
    told: Any
    note: Note
    act: Callable[[DeadJobs], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the page says of them, where it isn't what it says of anything given up."""

    title: Text
    none_title: Text
    none: Text
    intro: Text
    no_error: Text
    inside: Text
    not_found: Any  # how many
    choose: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of them by what staff call it, and how it failed the last time where that is known."""

    job: DeadJob
    title: Text
    failure: JobFailure | None

    @property
    def times(self) -> int:
        return max(self.job.times, self.failure.times if self.failure else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """The page at `place` below the admin, of what the port holds."""

    port: Port[DeadJobs]
    place: str
    name: str  # of the view
    words: Words
    doings: dict[str, Doing]
    called: Callable[[DeadJob], Text]
    beside: Callable[[], dict[str, Any]] = field(default=dict)  # what else the page shows

    def urls(self) -> list[URLPattern]:
        """What the admin site takes in beside its models' pages."""
        view = admin.site.admin_view(require_http_methods(["GET", "POST"])(self.page))
        return [path(self.place, view, name=self.name)]

    def page(self, request: HttpRequest) -> HttpResponse:
        """Staff read what was given up, and choose; what they chose is asked for once more."""
        if not actor_of(request).can(Permission.MANAGE_DESK):
            raise ForbiddenError
        if request.method == "POST":
            return self._chosen(request)
        try:
            found = self.port.get().read()
        except UnavailableError as error:
            return self._show(request, Found(jobs=[], total=0), away=error)
        return self._show(request, found)

    def _show(
        self, request: HttpRequest, found: Found, away: UnavailableError | None = None
    ) -> HttpResponse:
        context = {
            **self._frame(request, self.words.title),
            "words": self.words,
            "rows": self._rows(found.jobs),
            "hidden": found.total - len(found.jobs),
            "away": away,
            **self.beside(),
        }
        status = away.status if away else 200
        return render(request, "admin/ops/given_up.html", context, status=status)

    def _rows(self, jobs: Iterable[DeadJob]) -> list[Row]:
        listed = list(jobs)
        ids = [job.job_id for job in listed]
        known = JobFailure.objects.in_bulk(ids, field_name="job_id")
        return [
            Row(job=job, title=self.called(job), failure=known.get(job.job_id)) for job in listed
        ]

    def _frame(self, request: HttpRequest, title: Text) -> dict[str, Any]:
        return {**admin.site.each_context(request), "title": title, "here": f"admin:{self.name}"}

    def _chosen(self, request: HttpRequest) -> HttpResponse:
        """`key` are those that are ticked, `shown` all that the page has, which `all` means."""
        what = request.POST.get("do", "")
        keys = set(request.POST.getlist("shown" if "all" in request.POST else "key"))
        if what not in self.doings or not keys:
            messages.warning(request, str(self.words.choose))
            return redirect(f"admin:{self.name}")
        doing = self.doings[what]
        if "sure" not in request.POST:
            context = {
                **self._frame(request, doing.title),
                "text": doing.question % len(keys),
                "do": what,
                "keys": sorted(keys),
            }
            return render(request, "admin/ops/given_up_sure.html", context)
        self._tell(request, doing, len(keys), *self._do(doing, keys, request))
        return redirect(f"admin:{self.name}")

    def _do(
        self, doing: Doing, keys: set[str], request: HttpRequest
    ) -> tuple[int, UnavailableError | None]:
        """How many were seen to, each with its line in the journal, until the broker went away."""
        done = 0
        try:
            for job in doing.act(self.port.get())(keys):
                doing.note(job=job, actor=actor_of(request), now=timezone.now())
                done += 1
        except UnavailableError as error:
            return done, error
        return done, None

    def _tell(
        self,
        request: HttpRequest,
        doing: Doing,
        chosen: int,
        done: int,
        away: UnavailableError | None,
    ) -> None:
        if done:
            messages.success(request, doing.told % done)
        if away:
            messages.error(request, str(away))
        elif done < chosen:
            messages.warning(request, self.words.not_found % (chosen - done))


RETRY, DROP = _("Try again"), _("Throw away")
