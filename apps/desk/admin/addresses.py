"""Where the workspace's views are, under the ticket's own address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from apps.desk.admin import article, live, raising, workspace

View = Callable[..., HttpResponse]

_PAGES: tuple[tuple[str, View, str], ...] = (
    ("<int:pk>/replies/", live.replies, "replies"),
    ("<int:pk>/article/", article.propose, "article"),
    ("<int:pk>/<slug:panel>/do/", workspace.do, "do"),
    ("add/", raising.add, "add"),
)
# These stand in the frame that is kept (apps/ops/templatetags/frame.py), or in none.
_BARE: tuple[tuple[str, View, str], ...] = (
    ("<int:pk>/change/", workspace.show, "change"),
    ("<int:pk>/write/", workspace.write, "write"),
    ("<int:pk>/news/", live.news, "news"),
    ("<int:pk>/here/", live.here, "here"),
    ("<int:pk>/draft/", live.draft, "draft"),
    ("<int:pk>/undo/", live.undo, "undo"),
    ("<int:pk>/send/", live.send, "send"),
    ("<int:pk>/preview/", live.preview, "preview"),
    ("<int:pk>/people/", live.people, "people"),
    ("people/", raising.people_like, "people_like"),
)


def workspace_urls(site: AdminSite) -> list[URLPattern]:
    pages = [(at, _framed(site, view), name) for at, view, name in _PAGES]
    bare = [(at, _for_agents(view), name) for at, view, name in _BARE]
    return [
        path(at, site.admin_view(view), name=f"tickets_ticket_{name}")
        for at, view, name in (*pages, *bare)
    ]


def _framed(site: AdminSite, view: View) -> View:
    def framed(request: HttpRequest, **at: Any) -> HttpResponse:
        workspace.require_agent(request)
        return view(request, partial(site.each_context, request), **at)

    return framed


def _for_agents(view: View) -> View:
    def guarded(request: HttpRequest, **at: Any) -> HttpResponse:
        workspace.require_agent(request)
        return view(request, **at)

    return guarded
